"""Everyday troubles, burst pipes and what lasts are no danger; those who beat, scald or throw out are one."""

import pytest

from nlu.danger import find_danger, speaks_against


@pytest.mark.parametrize(
    "text",
    [
        "水管爆了，水流得满地都是，快来人",
        "暖气管裂了，屋里都是水，赶紧来",
        "我妈家里停电了，一个人害怕",
        "我想拾掇一哈屋里",
        "敲不开门就打我电话",
        "要是她不开门就使劲敲",
        "她老摔跤",
        "她最近血糖高",
        "电快没了，给我充一百",
        "我妈的金戒指不见了",
        "他把我说得绕晕了",
        "给我妈打扫，顺便把窗户也擦了",
        "站不起来，想租个轮椅",
        "我妈憋得慌，想出去转转",
        "手烫伤好了，要换药",
        "打110是啥",
        "灶打不着火，没气味，就是不着",
        "救命啊，饭咋还没来，饿死我了",
        "我家的驴倒下了，吐白沫",
        "明天吧，今天我头晕",
        "我拿凳子堵着床沿呢",
        "我眼睛看不见，医院里认不得路",
        "我妈说今天没见着人",
        "我爸的农药用完了，帮买两瓶",
        "我爸上吊针呢，没人看着",
        "我爸得过煤气中毒，想换电暖气",
        "我妈家电视没信号了，她一个人就指着电视解闷呢",
        "把氧气瓶换一下，快用完了",
        "炕塌了，老人没法睡",
    ],
)
def test_a_trouble_beside_a_call_for_help_is_no_danger(text: str) -> None:
    assert find_danger(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("水管爆了，我滑倒了起不来，快来人", "fall", "120"),
        ("停电了，我妈的制氧机不转了，快来人", "breathing", "120"),
        ("女婿打我妈", "violence", "110"),
        ("儿媳妇把我撵出来了", "violence", "110"),
        ("有个人天天在我妈门口转，她害怕", "violence", "110"),
        ("我妈让开水烫了", "burn", "120"),
        ("我妈中暑了", "other", "120"),
        ("老汉尿不出来，憋了一天", "other", "120"),
        ("活着真没劲", "suicide", "120"),
        ("不想拖累你们了", "suicide", "120"),
        ("我等死算了", "suicide", "120"),
        ("叫车压了", "accident", "120"),
        ("我奶奶丢了", "lost", "110"),
        ("早点走了算了", "suicide", "120"),
        ("老伴走了我也不想留了", "suicide", "120"),
        ("我太累了，想结束了", "suicide", "120"),
        ("我照顾我妈快疯了，想带她一起走", "suicide", "120"),
        ("房子都过户给我了，她说没牵挂了", "suicide", "120"),
        ("锅烧干了着了", "fire", "119"),
        ("热水器漏气", "gas", "119"),
        ("灶响了一声，屋里全是味", "gas", "119"),
        ("我爸错喝了洗衣液", "poison", "120"),
        ("把老汉的药吞错了，吃了一把", "poison", "120"),
        ("我出来买菜，认不得回家的路了", "lost", "110"),
        ("我妈一天没联系上了", "no_answer", "110"),
        ("儿媳妇不给我饭吃", "violence", "110"),
        ("我爸血糖只有2点几", "faint", "120"),
        ("血压二百二", "other", "120"),
        ("我妈化疗完发烧", "other", "120"),
        ("我妈哆嗦得厉害", "other", "120"),
        ("我爸突然看不见了", "stroke", "120"),
        ("我卡在浴缸里出不来，喊了半天", "trapped", "119"),
        ("我家牛把我爸顶倒了，他起不来了", "other", "120"),
        ("理发不用来了，我妈晕倒了", "unconscious", "120"),
        ("我妈手麻，嘴有点歪，她非说没事不让去医院", "stroke", "120"),
        ("我爸说他不想拖累我们，想早点去见我妈", "suicide", "120"),
        ("他把存折密码都告诉我了，说以后用不着了", "suicide", "120"),
        ("我孙子拿刀逼我要钱", "violence", "110"),
        ("我妈被小区保安打了", "violence", "110"),
        ("我爸跟护工打起来了", "violence", "110"),
        ("我爸血糖仪显示HI", "faint", "120"),
        ("我妈癫痫刚发作完", "unconscious", "120"),
        ("我插着氧呢，停电了", "breathing", "120"),
        ("被蛇咬了", "other", "120"),
        ("羊水破了，我儿媳妇要生了", "other", "120"),
        ("我一天没吃东西，起不来床，没人管", "other", "120"),
        ("取消明天的饭，我爸摔倒起不来了", "fall", "120"),
    ],
)
def test_quiet_words_of_danger_are_heard(text: str, kind: str, number: str) -> None:
    danger = find_danger(text)
    assert danger is not None
    assert (danger.kind, danger.call) == (kind, number)


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("水管爆了，快来人", True),
        ("他下不了床", False),
        ("摔倒了起不来", False),
        ("她血压高", True),
        ("你好", False),
        ("我妈发烧了", True),
        ("我妈被蚊子咬了", True),
        ("说好九点，我等到十二点没人来", True),
        ("钥匙断在锁里了", True),
    ],
)
def test_what_speaks_against_a_guess(text: str, against: bool) -> None:
    assert speaks_against(text) is against
