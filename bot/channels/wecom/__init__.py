"""Enterprise WeChat (企业微信) for workers and duty staff, through wechatpy's enterprise client."""
