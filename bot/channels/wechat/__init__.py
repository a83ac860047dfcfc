"""The WeChat official account, through wechatpy."""
