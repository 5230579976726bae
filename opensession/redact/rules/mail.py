"""Keys of mail and message services."""

# ruff: noqa: E501 - one row is one line, and an example may not be broken

from __future__ import annotations

from opensession.redact.rule import DEFINITE, Rule, named, token

RULES: tuple[Rule, ...] = (
    token("sendgrid-key", "SendGrid API key", "SG.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "S¦G.e2nPvrwmzE3XgLzvBVYPPd.Nn6toDnq1f3Xgto3lIg9I2gSvrDpczAYU7a75lvGroe", "SG.xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("mailgun-key", "Mailgun API key", "key-", "[0-9a-f]{32}", "ke¦y-aa8bc8f735951c8d4d844978303773a5", "key-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("mandrill-key", "Mandrill API key", "md-", "[A-Za-z0-9_-]{22}", "m¦d-1DikbSjeLwlrlTBJqJlJWj", "md-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("twilio-key", "Twilio API key", "SK", "[0-9a-f]{32}", "S¦K25b5ff4bc1873f3bef973b25f2876f3b", "SKxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("brevo-key", "Brevo API key", "xkeysib-", "[0-9a-f]{64}-[A-Za-z0-9]{16}", "xkey¦sib-d89e40aae3a8455ca740bf46dd138dca3088d54f514745a78ffdfea44acf0865-P4GJzT1Hl52RITjm", "xkeysib-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("brevo-smtp-key", "Brevo SMTP key", "xsmtpsib-", "[0-9a-f]{64}-[A-Za-z0-9]{16}", "xsmt¦psib-3d96ef0c0df7fd4a623b5801fac4900f3853e9798979b6cf21b1251853e92b16-8SiZ217BtbF0zV96", "xsmtpsib-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("resend-key", "Resend API key", "re_", "[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", "r¦e_Jii6ZaA5_fjMZE4QWVZNy4EGaAOyqMYeb", "re_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("mailersend-token", "MailerSend token", "mlsn.", "[0-9a-f]{64}", "ml¦sn.51f016175bdb1088143f2d54ed73526cde717a9b7745653252783124165eb608", "mlsn.xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("onesignal-key", "OneSignal key", "os_v2_app_", "[a-z0-9]{100,110}", "os_v2¦_app_ub3lxm07gpqmne3qev3l2p0imx67fghq34j1i9kmlbqm8gq0yzb8lxby0abxcc3lwhx8ev3tity3if8f7io9bd9j36xlvj0zgxhs", "os_v2_app_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("nylas-key", "Nylas API key", "nyk_v0_", "[A-Za-z0-9]{60,64}", "nyk¦_v0_vOnXVTMGWpqmSaIPaezaiDZeHgncruW2U2Uko6gcP9w4gtCGop1tPuG079nZ", "nyk_v0_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("telnyx-key", "Telnyx API key", "KEY0", "[0-9A-Z]{31}_[A-Za-z0-9]{22}", "KE¦Y0M69OO7NW7O6F66EEGRYNKESMRLIXYQ7_elTpFhrNDj3awrRJRcEyoM", "KEY0xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("klaviyo-key", "Klaviyo private key", "pk_", "[0-9a-f]{34}", "p¦k_6ed314b92062b60cbd42c06b45e6d1962d", "pk_xxxxxxxxxxxxxxxxxxxxxxxx"),
    Rule("mailchimp-key", "Mailchimp API key", DEFINITE, ("-us",), r"⟨b⟩[0-9a-f]{32}-us[0-9]{1,2}⟨e⟩", back=32, yes=("39101d8b506da9930765df3d4683bb25-u¦s14",), no=("eu-us14", "amazon-us1")),
    named("mailgun-key-new", "Mailgun API key, new form", "mailgun", "[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}", "MA¦ILGUN_API_KEY=9aec673c370116db2a9652027e8ec401-71e66bc1-2ca8c394", "MAILGUN_API_KEY=${MAILGUN_API_KEY}", severity=DEFINITE),
    named("postmark-token", "Postmark server token", "postmark", "⟨uuid⟩", "PO¦STMARK_SERVER_TOKEN=670cb2f4-da2a-4baf-bc75-823633720f53", "POSTMARK_SERVER_TOKEN=${POSTMARK_SERVER_TOKEN}", severity=DEFINITE),
    named("twilio-auth-token", "Twilio auth token", "twilio", "[0-9a-f]{32}", "TW¦ILIO_AUTH_TOKEN=758758c650ed2b8e60763babd40573a6", "TWILIO_AUTH_TOKEN=${TWILIO_AUTH_TOKEN}", severity=DEFINITE),
    named("mailjet-secret", "Mailjet secret", "mailjet|mj_apikey", "[0-9a-f]{32}", "MA¦ILJET_SECRET_KEY=6e333172caa04d3f7378bb1363c2c425", "MAILJET_SECRET_KEY=${MAILJET_SECRET_KEY}"),
    named("sparkpost-key", "SparkPost key", "sparkpost", "[0-9a-f]{40}", "SP¦ARKPOST_API_KEY=f45fa2279715014b399d50b7559ea05d75f90b15", "SPARKPOST_API_KEY=${SPARKPOST_API_KEY}"),
    named("vonage-secret", "Vonage secret", "vonage|nexmo", "[A-Za-z0-9]{16}", "VO¦NAGE_API_SECRET=7JBl01myaH4aUEvH", "VONAGE_API_SECRET=${VONAGE_API_SECRET}"),
    named("messagebird-key", "MessageBird key", "messagebird", "[A-Za-z0-9]{25}", "ME¦SSAGEBIRD_API_KEY=o425i4BFMARb6yhbW1jopFp45", "MESSAGEBIRD_API_KEY=${MESSAGEBIRD_API_KEY}"),
    named("intercom-token", "Intercom token", "intercom", "dG9rO[A-Za-z0-9+/]{40,80}={0,2}", "IN¦TERCOM_ACCESS_TOKEN=dG9rO0JJxvKYSY588EYJBe2SpOCOdYDbzxqJQ4CUBcb4M", "INTERCOM_ACCESS_TOKEN=${INTERCOM_ACCESS_TOKEN}", severity=DEFINITE),
    named("sinch-secret", "Sinch secret", "sinch", "[A-Za-z0-9~._-]{26,34}", "SI¦NCH_KEY_SECRET=I59hUbuFoEpRTbRR1VrvGWCmNV", "SINCH_KEY_SECRET=${SINCH_KEY_SECRET}"),
)
