"""Tokens of chat services and their webhooks."""

# ruff: noqa: E501 - one row is one line, and an example may not be broken

from __future__ import annotations

from opensession.redact.rule import DEFINITE, LIKELY, Rule, named, token

RULES: tuple[Rule, ...] = (
    token("slack-bot", "Slack bot token", "xoxb-", "[0-9]{9,14}-[A-Za-z0-9-]{20,64}", "xo¦xb-096525516-nocrZVf0jBJaAnFyFOn3", "xoxb-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-user", "Slack user token", "xoxp-", "[0-9]{9,14}-[0-9]{9,14}-[A-Za-z0-9-]{20,80}", "xo¦xp-504041028-586469938-a0PBANYMJnSt4atGMqZQ", "xoxp-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-workspace", "Slack workspace token", "xoxa-", "[A-Za-z0-9-]{20,200}", "xo¦xa-IGErZsUO19uKVNNcss2E", "xoxa-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-refresh", "Slack refresh token", "xoxr-", "[A-Za-z0-9-]{20,200}", "xo¦xr-6ZFpuWxWs2SZWmU40iHp", "xoxr-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-legacy", "Slack legacy token", "xoxs-", "[A-Za-z0-9-]{20,200}", "xo¦xs-hiLZfyq3DzXpeeQhfiPl", "xoxs-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-config", "Slack configuration token", "xoxe.", "(?:xoxp-)?[0-9]-[A-Za-z0-9-]{50,300}", "xo¦xe.5-91X3SEJWvfPDvCOx0O1NyeYtXdFMPjTgZ1UXnmslO5xQX7GgXm", "xoxe.xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-config-refresh", "Slack configuration refresh token", "xoxe-", "[0-9]-[A-Za-z0-9-]{50,300}", "xo¦xe-8-ydsmzZJ5OupkumhOEQJQuOG32XhdXHtlF0phQ4euS0gGOpvLwY", "xoxe-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-app", "Slack app token", "xapp-", "[0-9]-[A-Z0-9]{9,13}-[0-9]{10,14}-[0-9a-f]{60,70}", "xa¦pp-3-K5EUW1J9G-9372531593-4931f90faf2a56e3795f776c0b7b30bdf819cce85fd32f9fa0be8890ade1", "xapp-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-workflow", "Slack workflow token", "xwfp-", "[A-Za-z0-9-]{20,200}", "xw¦fp-u0EczXSIeNUKznd5Ymw5", "xwfp-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-client", "Slack client token", "xoxc-", "[0-9]{9,14}-[0-9]{9,14}-[A-Za-z0-9-]{20,90}", "xo¦xc-664620177-452922985-FcJ3HDixbXob6VlY2AIJ", "xoxc-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("slack-cookie", "Slack client cookie", "xoxd-", "[A-Za-z0-9%/+=-]{40,300}", "xo¦xd-kVtu83IMeZRVGvf92zdVxqVUfkF4SP5hU69cpnKN", "xoxd-xxxxxxxxxxxxxxxxxxxxxxxx"),
    Rule("slack-webhook", "Slack webhook", DEFINITE, ("hooks.slack.com",), r"hooks\.slack\.com\\{0,3}/(?:services|workflows|triggers)\\{0,3}/(T?[A-Z0-9]{8,12}(?:\\{0,3}/[A-Za-z0-9]{8,24}){1,3})⟨e⟩", yes=("https://hooks.sl¦ack.com/services/T32XU4TL7LT/BB75FJSVDVC/RYA5ch3bnjEF5kcX6IJvFJ0w",), no=("https://hooks.slack.com/services/", "https://hooks.slack.com/services/XXXXXXXXX/XXXXXXXXX/XXXXXXXXXXXXXXXXXXXXXXXX")),
    Rule("discord-bot-token", "Discord bot token", DEFINITE, ("discord", "Bot ", "bot_token", "DISCORD"), r"(?:(?i:discord|bot_token)[A-Z_a-z]{0,16}⟨sep⟩|Bot )([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})⟨e⟩", any_case=True, yes=("DISCORD_¦TOKEN=MTW7kmVfZ07fkJqldbCDZtUI1a.Gj23HC.BAUtcGi0rnpiKHRIwZoaR0D0iCZtCn7BduNGCg", "Authorization: Bo¦t ODSMhyk1ReDomslc5i0u4f3XCu.bzFOjX.KZ4bijvCsXdXhVdRkIGQqsHO3WMctpItXBh9l5"), no=("DISCORD_TOKEN=your.bot.token",)),
    token("discord-mfa-token", "Discord account token", "mfa.", "[A-Za-z0-9_-]{84}", "mf¦a.DtcppPDHmSDSyobyjh1eN7n9I5KaMSMv9A3Ojk66f5cMysbbGCNahq5DAtpEU0EOlpmHzmAwuhcsAzXGwts1", "mfa.xxxxxxxxxxxxxxxxxxxxxxxx"),
    Rule("discord-webhook", "Discord webhook", DEFINITE, ("/webhooks/",), r"(?<=/api)/webhooks/[0-9]{15,20}/([A-Za-z0-9_-]{60,80})⟨e⟩", yes=("https://discord.com/api/web¦hooks/864520971362127534/9lmBgkXRKHPNiR_v0W7rRXusLm5UtRt7kXZHsCJfsaQuEjKUcT8Iqr9XcE94KWWyrlau",), no=("https://discord.com/api/webhooks/123/abc",)),
    Rule("telegram-token", "Telegram bot token", DEFINITE, (":AA",), r"(?:⟨b⟩|(?<=bot))[0-9]{8,10}:AA[A-Za-z0-9_-]{33}⟨e⟩", within=10, yes=("3579127145:A¦AodFXMRyLPw4c97IMT3rNXcWiPJwpJ7IKg", "https://api.telegram.org/bot8784329901:A¦AQi7U6YwBUWgQFzdIDoX5T42WLyDK5GK71/getMe"), no=("12:34:AA:BB:CC", "time 12345678:AA")),
    Rule("teams-webhook", "Microsoft Teams webhook", DEFINITE, ("/IncomingWebhook/",), r"/IncomingWebhook/([0-9a-f]{32}/⟨uuid⟩)", yes=("https://x.webhook.office.com/webhookb2/c78884b9-26aa-4dce-9d11-d3cdba9ce399@e779927f-08ad-4a39-8d7c-836a676f3688/Incoming¦Webhook/855eebdf445085782c8c66dcac2bf2c9/273485bb-25b5-48b1-87d3-94d4a67e6255",), no=("/IncomingWebhook/your-id",)),
    Rule("google-chat-webhook", "Google Chat webhook", DEFINITE, ("chat.googleapis.com/v1/spaces/",), r"chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]{6,20}/messages\?key=[A-Za-z0-9_-]{10,60}(?:&|\\u0026)token=([A-Za-z0-9_%=-]{30,60})", yes=("https://chat.google¦apis.com/v1/spaces/AAQAyWQmlUb/messages?key=kjZfLCev5HyZoeyBZmBSa&token=bwlUYoxjKJhpOI2UWwatJUt5TlBhsVOfDhMaja8zpyE",), no=("https://chat.googleapis.com/v1/spaces/AAAA/messages",)),
    Rule("webhook-relay", "Zapier, IFTTT, n8n or Make webhook", LIKELY, ("hooks.zapier.com/hooks/", "maker.ifttt.com/", "hook.make.com/", ".make.com/"), r"(?:hooks\.zapier\.com/hooks/catch/([0-9]{5,9}/[a-z0-9]{6,8})|maker\.ifttt\.com/[a-z/_{}A-Z0-9]{1,80}/with/key/([A-Za-z0-9_-]{22,44})|(?:hook)?\.make\.com/([a-z0-9]{32}))⟨e⟩", yes=("https://hooks.zap¦ier.com/hooks/catch/9833838/26a8oj5", "https://maker.if¦ttt.com/trigger/door/with/key/ZQFLgxSdY3j8NwGTmiZbQq"), no=("https://hooks.zapier.com/hooks/standard/",)),
    Rule("matrix-token", "Matrix access token", DEFINITE, ("syt_",), r"⟨b⟩syt_[A-Za-z0-9+/=]{1,80}_[A-Za-z]{20}_[A-Za-z0-9]{6}⟨e⟩", yes=("sy¦t_YWRh_LUkwZSVgMVQASiIbhcVc_aXDag2",), no=("syt_user_token",)),
    token("ntfy-token", "ntfy token", "tk_", "[a-z0-9]{29}", "t¦k_a5wxck6vsvisqhaado5h43ibk38ib", "tk_xxxxxxxxxxxxxxxxxxxxxxxx"),
    named("mattermost-token", "Mattermost token", "mattermost", "[a-z0-9]{26}", "MA¦TTERMOST_TOKEN=m8tv77tldg12vc0p81zmsh8a5i", "MATTERMOST_TOKEN=${MATTERMOST_TOKEN}"),
    named("twitch-token", "Twitch token", "twitch", "(?:oauth:)?[a-z0-9]{30}", "TW¦ITCH_CLIENT_SECRET=d5df1jpz2uta4odk2avl8kimsozj7a", "TWITCH_CLIENT_SECRET=${TWITCH_CLIENT_SECRET}"),
    token("facebook-token", "Facebook access token", "EAA", "[A-Za-z0-9]{90,300}", "E¦AALQCQ9VXqa0pWlWB3qgRLKL8MGf77RkavYhagQBOHQXyi179FkDPD7uYN6KIIoutXmDCnVJZEw3Ktgefgp1aJrrG6Ew", "EAAxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("instagram-token", "Instagram access token", "IGQ", "[A-Za-z0-9_-]{100,250}", "I¦GQgJEh1O35HXnTCJvkrzmnXPbaes7npK1dTlYgzTa1BXogTBdztTs1yq4zpX0ZCiaLtIw72NepIIZyHAyzuEYGuObfbezclBumTegV", "IGQxxxxxxxxxxxxxxxxxxxxxxxx"),
    Rule("twitter-bearer", "X bearer token", DEFINITE, ("AAAAAAAAAAAAAAAAAAAAA",), r"⟨b⟩A{21}([A-Za-z0-9%]{60,110})⟨e⟩", yes=("A{21}".replace("A{21}", 21 * "A") + "D¦DsCYEqHvxOjdZdJ3UUDaKDIyhcsX5uVRlPJOxYeLNwcj2Y2MiLsUn9zNXY4NU1S2x7x8hT",), no=("A" * 90,)),
    named("twitter-secret", "X API secret", "twitter", "[A-Za-z0-9]{35,50}", "TW¦ITTER_API_SECRET=9ckoNc2HJYaelu2UcdA0uiUbmw5iCP4bVdZ", "TWITTER_API_SECRET=${TWITTER_API_SECRET}"),
    named("linkedin-secret", "LinkedIn client secret", "linkedin", r"(?:WPL_AP1\.)?[A-Za-z0-9=.]{16,32}", "LI¦NKEDIN_CLIENT_SECRET=3hn5tYcFCThTbtZf", "LINKEDIN_CLIENT_SECRET=${LINKEDIN_CLIENT_SECRET}"),
    named("zoom-secret", "Zoom client secret", "zoom", "[A-Za-z0-9]{32}", "ZO¦OM_CLIENT_SECRET=eGuHR79CU5SDzEwm1njrVWnEb79dEO8Z", "ZOOM_CLIENT_SECRET=${ZOOM_CLIENT_SECRET}"),
    named("line-token", "LINE channel token", "line_channel|line_access", "[A-Za-z0-9+/]{150,180}=?", "LI¦NE_CHANNEL_ACCESS_TOKEN=M2iOvZYjuMEWT7Sce3XHZREFtrjJG1RzTNZJzbaE5lU3c40F9ebSanT90vmSLtHv2EfWQ6wXEVsiibwgjl9laFrupwCGTda9V3lddVM005mSJdPofDTO4CXIo4wKOJIkyI1CYFpU6reoZEVpi4YBXW", "LINE_CHANNEL_ACCESS_TOKEN=${LINE_CHANNEL_ACCESS_TOKEN}"),
    named("pushover-token", "Pushover token", "pushover", "[a-z0-9]{30}", "PU¦SHOVER_TOKEN=80qu5lhqs70yp6ihnkvqh148b28twg", "PUSHOVER_TOKEN=${PUSHOVER_TOKEN}"),
    named("reddit-secret", "Reddit client secret", "reddit", "[A-Za-z0-9_-]{27,30}", "RE¦DDIT_CLIENT_SECRET=VX_ZButhsTDs3AA4zrlypQaYN7f", "REDDIT_CLIENT_SECRET=${REDDIT_CLIENT_SECRET}"),
    named("spotify-secret", "Spotify client secret", "spotify", "[0-9a-f]{32}", "SP¦OTIFY_CLIENT_SECRET=c6a266515a7e4a25d917e3f8e735416b", "SPOTIFY_CLIENT_SECRET=${SPOTIFY_CLIENT_SECRET}"),
)
