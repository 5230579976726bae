"""Tokens of products for teams."""

# ruff: noqa: E501 - one row is one line, and an example may not be broken

from __future__ import annotations

from opensession.redact.rule import DEFINITE, Rule, named, token

RULES: tuple[Rule, ...] = (
    token("atlassian-token", "Atlassian API token", "ATATT3xFfG", "[A-Za-z0-9_=-]{150,250}", "ATATT¦3xFfG1Zkc9rl0lSvQC7QzzAX0zrdePUlUAeZWbaML9IAWkaxNLOUNxg4LmU6HbrhHNE-uID0aOto6nAMoBiaF4cSMhg95weprn7qzJ7vgrYwqQsQQUVTwJYFiA9eMQEYIDFbqK8Xrl79ITn0FhAyDsKTivp", "ATATT3xFfGxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("linear-key", "Linear API key", "lin_api_", "[A-Za-z0-9]{40}", "lin_¦api_AVaHJpDZEuC92WZrBvWnDg7Bu798C9uRBednDPhL", "lin_api_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("linear-oauth", "Linear OAuth token", "lin_oauth_", "[0-9a-f]{64}", "lin_o¦auth_d10d011b5e1d683fb5271dd11ed4d997c1246da9628232d90705a219c071963f", "lin_oauth_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("notion-token", "Notion token", "ntn_", "[A-Za-z0-9]{43,50}", "nt¦n_Ucyie1M4G8SBAFXbOpz7Xr1Tnr3dXoCkpV85jrRZ2sO", "ntn_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("notion-token-old", "Notion token, old form", "secret_", "[A-Za-z0-9]{43}", "sec¦ret_R9f5s4M1dq54ezwzUQCv2N7yBpUUjfpOu0Wdt2QhiHC", "secret_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("figma-token", "Figma token", "figd_", "[A-Za-z0-9_-]{38,44}", "fi¦gd_SQ2IuaVEHg9avO6bVHlEAF2iZSIi5D89snJhm9", "figd_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("postman-key", "Postman API key", "PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}", "PM¦AK-214498a326156d0fa2fb5b1c-52d8ddfb0e4df5d9cffa7a685ff96356f4", "PMAK-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("postman-collection-key", "Postman collection key", "PMAT-", "[0-9A-Z]{26}", "PM¦AT-TIN2NYMJTG2XDY5MO8OLL457ZL", "PMAT-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("contentful-token", "Contentful token", "CFPAT-", "[A-Za-z0-9_-]{43}", "CFP¦AT-4l96L8uaeL575mPGl1nXD32HX6EGgAbXlp3PGpZnqE1", "CFPAT-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("trello-token", "Trello token", "ATTA", "[0-9a-f]{64}[0-9A-F]{8}", "AT¦TAd02d45a938f6e8bb0107f76d01d3fd3797ec6ca873b8e012393ce6cbf54790bfD89288A5", "ATTAxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("dropbox-token", "Dropbox access token", "sl.", "[A-Za-z0-9_-]{130,1200}", "s¦l.M3faxWwKYDbpi1pnNA5tpqYeGVHiDkKHmkfV3FtaqBJUXW7bRmZX4fTKspfYC0Ik1M2sSmjce346KYzyShclcjrtt3NnP50rAATiTV5Gli2smuGxJDru5EzgAi5CUAd7a1", "sl.xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("typeform-token", "Typeform token", "tfp_", "[A-Za-z0-9_.=-]{59}", "tf¦p_V39I3jbrkMB1X18mddJLGIdIdAzNNlQqx3lZoehPWui9KIdb6Hc6lodzjUB", "tfp_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("readme-key", "ReadMe key", "rdme_", "[a-z0-9]{70}", "rd¦me_tfqvcvqws0kj3ztz41revd0vu45jyzky3syqilweq9dj8phff4b1up3jxkgvce27ios8ru", "rdme_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("frameio-token", "Frame.io token", "fio-u-", "[A-Za-z0-9_=-]{64}", "fio¦-u-KEKknoKEcFM2KdLZc7MliNT5JnDkfRGSuWCzPByhAdzqAbITscffTSXZs7gwsA3g", "fio-u-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("adobe-secret", "Adobe client secret", "p8e-", "[A-Za-z0-9]{32}", "p8¦e-LXWZ5VDnyQTrxcImxI446ziWBtSAD9dr", "p8e-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("clickup-token", "ClickUp token", "pk_", "[0-9]{6,9}_[A-Z0-9]{32}", "p¦k_478908_SX3B21N2RFL7XN1472W46XKVYW26RO2E", "pk_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("mapbox-secret", "Mapbox secret token", "sk.eyJ1Ijoi", r"[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,30}", "sk.ey¦J1Ijoi72rAMf-Bo6TWaHc6fww8ncRL1CxpyUkEJQaMSVum.cGd2o9hvKHKB5u2DsvVf", "sk.eyJ1Ijoixxxxxxxxxxxxxxxxxxxxxxxx"),
    token("pipedream-key", "Pipedream key", "pd_", "[0-9a-f]{32}", "p¦d_9bb4639efdb2eb3b0812788c82661aa7", "pd_xxxxxxxxxxxxxxxxxxxxxxxx"),
    Rule("hubspot-token", "HubSpot private app token", DEFINITE, ("pat-na1-", "pat-na2-", "pat-eu1-"), r"⟨b⟩pat-(?:na|eu)[12]-⟨uuid⟩⟨e⟩", yes=("pat¦-na1-357dac18-024c-4a9c-9912-16e356f7a2af",), no=("pat-na1-token",)),
    Rule("wakatime-key", "WakaTime key", DEFINITE, ("waka_",), r"⟨b⟩waka_⟨uuid⟩⟨e⟩", yes=("wa¦ka_94ec222d-eea8-46c5-8276-7e77fa3e1074",), no=("waka_time",)),
    Rule("salesforce-token", "Salesforce session", DEFINITE, ("00D",), r"⟨b⟩00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80,140}⟨e⟩", yes=("0¦0DFE5t0gAmPBc3!AQbOKiFmB3g2rGcMOiavrNqvfDdNmatWkV9aqhQVUB8zt7SXmn4jhWZ1PtsOxHIjoMoXOgMG1R7LzDpIr2sPB8R9KZuser8vZZ",), no=("0x00D4AA",)),
    named("asana-token", "Asana token", "asana", "[012]/[0-9]{13,17}(?:/[0-9]{13,17})?:[0-9a-f]{32}", "AS¦ANA_ACCESS_TOKEN=0/6529076497393:d8442be3a44616f8edf27f3fbac06f45", "ASANA_ACCESS_TOKEN=${ASANA_ACCESS_TOKEN}", severity=DEFINITE),
    named("asana-secret", "Asana client secret", "asana", "[0-9a-f]{32}", "AS¦ANA_CLIENT_SECRET=8afc58336e94098bb22a3770b824fe1c", "ASANA_CLIENT_SECRET=${ASANA_CLIENT_SECRET}"),
    named("airtable-token", "Airtable token", "airtable", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", "AI¦RTABLE_TOKEN=pat87dVzM7Dhx2CIn.7f2c746577bd2aa48e097ff37e6cc3bffcef5f3607710f6ab41aaa2df5fcf9e1", "AIRTABLE_TOKEN=${AIRTABLE_TOKEN}", severity=DEFINITE),
    named("airtable-key-old", "Airtable key, old form", "airtable", "key[A-Za-z0-9]{14}", "AI¦RTABLE_API_KEY=keyr0H8J9jDQM8NJo", "AIRTABLE_API_KEY=${AIRTABLE_API_KEY}", severity=DEFINITE),
    named("jira-token-old", "Atlassian token, old form", "jira|atlassian|confluence", "[A-Za-z0-9]{24}", "JI¦RA_API_TOKEN=G2zL3tcEPG6DiLBb4FiS1p9K", "JIRA_API_TOKEN=${JIRA_API_TOKEN}"),
    named("zendesk-token", "Zendesk token", "zendesk", "[A-Za-z0-9]{40}", "ZE¦NDESK_API_TOKEN=4CRE6cll4I4KUxkC7xnqn65eMf6VhzOhiI2RNdnf", "ZENDESK_API_TOKEN=${ZENDESK_API_TOKEN}"),
    named("freshdesk-key", "Freshdesk key", "freshdesk", "[A-Za-z0-9]{20}", "FR¦ESHDESK_API_KEY=37mryvlxwuIXXyX1R9Nk", "FRESHDESK_API_KEY=${FRESHDESK_API_KEY}"),
    named("mapbox-token", "Mapbox token", "mapbox", r"pk\.eyJ[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,30}", "MA¦PBOX_TOKEN=pk.eyJruYtevYw2LkGmNK8R0fqKvhdyCDvFDawORzx1D6I.7BVvg7SLeYgzU6t8q5uS", "MAPBOX_TOKEN=${MAPBOX_TOKEN}"),
    named("box-secret", "Box client secret", "box_client|box_api", "[A-Za-z0-9]{32}", "BO¦X_CLIENT_SECRET=QwyYuKCspODoY9TfIO3pUMaAUi4pVFNH", "BOX_CLIENT_SECRET=${BOX_CLIENT_SECRET}"),
    named("trello-key-old", "Trello token, old form", "trello", "[0-9a-f]{64}", "TR¦ELLO_TOKEN=e14ca7be430b3d827c3a8aae1fa57f7181dbe255e8614a634e20ad97e7adc8ba", "TRELLO_TOKEN=${TRELLO_TOKEN}"),
    named("sanity-token", "Sanity token", "sanity", "sk[A-Za-z0-9]{80,180}", "SA¦NITY_API_TOKEN=skO9ial8tDAGSQFtOvNg9jLZxJOkVsmd8hWIdaUs2ruCFoULMGTJML2t1PVx4AveANJAr7yzBL4Y8BIGLJ", "SANITY_API_TOKEN=${SANITY_API_TOKEN}", severity=DEFINITE),
    named("openweather-key", "OpenWeather key", "openweather|openweathermap|owm", "[0-9a-f]{32}", "OP¦ENWEATHER_API_KEY=45f18139895774b23ef013c40572701c", "OPENWEATHER_API_KEY=${OPENWEATHER_API_KEY}"),
    named("newsapi-key", "NewsAPI key", "newsapi|news_api", "[0-9a-f]{32}", "NE¦WSAPI_KEY=c8b9c2ea7af53e4d2248afd50dc4d2e3", "NEWSAPI_KEY=${NEWSAPI_KEY}"),
    named("etherscan-key", "Etherscan key", "etherscan", "[A-Z0-9]{34}", "ET¦HERSCAN_API_KEY=07UM0YWA8O6IYQXRPZCULSR1XBDPODJMUC", "ETHERSCAN_API_KEY=${ETHERSCAN_API_KEY}"),
    named("infura-key", "Infura key", "infura", "[0-9a-f]{32}", "IN¦FURA_API_KEY=13201a10ebc75a79219d1c3e74223e8e", "INFURA_API_KEY=${INFURA_API_KEY}"),
    named("alchemy-key", "Alchemy key", "alchemy", "[A-Za-z0-9_-]{32}", "AL¦CHEMY_API_KEY=hqtVw3x21UDy0cJNvr22Ers5IBv74qNb", "ALCHEMY_API_KEY=${ALCHEMY_API_KEY}"),
    Rule("ethereum-private-key", "Private key of a wallet", DEFINITE, ("private_key",), r"(?i:private[_ -]?key)⟨sep⟩((?:0x)?[0-9a-f]{64})⟨e⟩", any_case=True, yes=("PRIVATE_¦KEY=0xf83e0129d21b8940ed78b150198511801ef19595d1776c268c0d7fda2aa2a863",), no=("privateKey: string", "private_key = load(path)")),
)
