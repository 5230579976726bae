"""Keys of payment services and shops."""

# ruff: noqa: E501 - one row is one line, and an example may not be broken

from __future__ import annotations

from opensession.redact.rule import DEFINITE, Rule, named, token

RULES: tuple[Rule, ...] = (
    token("stripe-live-key", "Stripe live key", "sk_live_", "[A-Za-z0-9]{24,247}", "sk_l¦ive_UW1ztyqsaYngwPGlnEORuNbG", "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("stripe-test-key", "Stripe test key", "sk_test_", "[A-Za-z0-9]{24,247}", "sk_t¦est_YSloy3kLes7JuB6nuTs9M477", "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("stripe-restricted-key", "Stripe restricted key", "rk_live_", "[A-Za-z0-9]{24,247}", "rk_l¦ive_1PmC454r5sVDs5gGrx12TftY", "rk_live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("stripe-restricted-test-key", "Stripe restricted test key", "rk_test_", "[A-Za-z0-9]{24,247}", "rk_t¦est_OJk4bxzqY7nNftiM8W2pwWDV", "rk_test_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("stripe-webhook-secret", "Stripe or Svix webhook secret", "whsec_", "[A-Za-z0-9+/]{32,64}=?", "whs¦ec_iDlsk12VaFI6RFsXxa11xghZd0NUV1IN", "whsec_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("square-token", "Square access token", "sq0atp-", "[A-Za-z0-9_-]{22}", "sq0¦atp-vmEZ49WhfJ79jVfU1Y8WxZ", "sq0atp-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("square-secret", "Square OAuth secret", "sq0csp-", "[A-Za-z0-9_-]{43}", "sq0¦csp-QEazNzBzBuOe3X3dyxgx2Dp0f5cXotXcU6YS05anMy9", "sq0csp-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("square-token-new", "Square access token, new form", "EAAA", "[A-Za-z0-9_-]{60}", "EA¦AAbYiBV6V31dXNsv1-AkSTaUV6GEtgeM4fCz6FWb7kiWdJYBPK0ej8Fkc3dHTV", "EAAAxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("shopify-token", "Shopify access token", "shpat_", "[0-9a-fA-F]{32}", "shp¦at_49eb1A6a6b73e234A0bbB6Dbe2eD80e8", "shpat_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("shopify-custom-token", "Shopify custom app token", "shpca_", "[0-9a-fA-F]{32}", "shp¦ca_ac7ed0fEEfcdfF24FeADB303de1a83Ed", "shpca_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("shopify-private-token", "Shopify private app token", "shppa_", "[0-9a-fA-F]{32}", "shp¦pa_BFFe66e8A3808489e10c53Eebbbef53E", "shppa_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("shopify-secret", "Shopify shared secret", "shpss_", "[0-9a-fA-F]{32}", "shp¦ss_dF069B946e73aA4285C3afbF53ffA3b5", "shpss_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("braintree-token", "Braintree access token", "access_token$production$", r"[a-z0-9]{16}\$[0-9a-f]{32}", "access_token¦$production$sajwep6ehmfjr3d3$23c7d9973ea78f7ea193f745330dd505", "access_token$production$xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("braintree-sandbox-token", "Braintree sandbox token", "access_token$sandbox$", r"[a-z0-9]{16}\$[0-9a-f]{32}", "access_tok¦en$sandbox$i9j5pg4jhic43vm5$b193a933f9c0d33ba95ca5e091f38e03", "access_token$sandbox$xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("razorpay-key", "Razorpay live key", "rzp_live_", "[A-Za-z0-9]{14}", "rzp_¦live_UCGv0Dlqo6UmSN", "rzp_live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("flutterwave-secret", "Flutterwave secret", "FLWSECK", "(?:_TEST)?-[0-9a-z]{32}-X", "FLW¦SECK-km4lrvrgxrjclr4w2fhnxcvtsbykvhae-X", "FLWSECKxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("mollie-live-key", "Mollie live key", "live_", "[A-Za-z0-9]{30}", "li¦ve_VaeYF4HaExoy6AcBf1JRxMVwVFZd8M", "live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("paddle-key", "Paddle API key", "pdl_live_apikey_", "[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}", "pdl_live¦_apikey_939nbexpky4pnah56xi5u4ja8w_B3oXCGa3LD44aFhJNyjI1s_uu7", "pdl_live_apikey_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("easypost-key", "EasyPost key", "EZAK", "[A-Za-z0-9]{54}", "EZ¦AKIrqhjBI8el8pUgO6x7yiOdizTkzqrCHcuOQC47ud33TTQHiHYch5rN", "EZAKxxxxxxxxxxxxxxxxxxxxxxxx"),
    token("shippo-key", "Shippo live key", "shippo_live_", "[0-9a-f]{40}", "shippo¦_live_63dcd59c704b2747be0d8826b53ec6630f73dcff", "shippo_live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("lob-key", "Lob live key", "live_", "[0-9a-f]{35}", "li¦ve_fe7adf88db5c4aa4318f7c9c12703aa6dd2", "live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("duffel-key", "Duffel live token", "duffel_live_", "[A-Za-z0-9_-]{43}", "duffel¦_live_iG69d67D6YVdOzL8QYj9lsSr7iTCdLy2mGZUIeGKCrp", "duffel_live_xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("mercadopago-token", "Mercado Pago token", "APP_USR-", "[0-9]{15,16}-[0-9]{6}-[0-9a-f]{32}-[0-9]{6,10}", "APP_¦USR-412455725419285-163869-ebaec11b21da8d76104c3905d91cf9d6-748555", "APP_USR-xxxxxxxxxxxxxxxxxxxxxxxx"),
    token("adyen-key", "Adyen API key", "AQE", r"[A-Za-z0-9+/]{60,120}={0,2}\-[A-Za-z0-9+/]{40,60}={0,2}-[A-Za-z0-9]{8,20}", "A¦QE2HRIVC15B3EgxDYaPowXiwFVowANo1YRMd89Loujx8Dp43ux0ioNLNBpkK7i-Bw49CBpEiO5mVDubRO59u3xtkXqLPT9jc3BuN7CI-XNAp2q1p", "AQExxxxxxxxxxxxxxxxxxxxxxxx"),
    Rule("plaid-token", "Plaid access token", DEFINITE, ("access-sandbox-", "access-development-", "access-production-"), r"⟨b⟩access-(?:sandbox|development|production)-⟨uuid⟩⟨e⟩", yes=("access-pro¦duction-ffc939cf-c679-4bda-8f92-be1da5d2a06f",), no=("access-production-logs",)),
    named("plaid-secret", "Plaid secret", "plaid", "[0-9a-f]{30}", "PL¦AID_SECRET=31d1bb31e2055853b5688c54c84527", "PLAID_SECRET=${PLAID_SECRET}"),
    named("paypal-secret", "PayPal client secret", "paypal", "E[A-Za-z0-9_-]{79}", "PA¦YPAL_CLIENT_SECRET=EnemZFmddVS5LKwvrM8N60YAcE7Fa5DFbWx7cvjgk7NHlOr70JO7d5Si99R5lBFKpd5FosyEKFNjAtmo", "PAYPAL_CLIENT_SECRET=${PAYPAL_CLIENT_SECRET}", severity=DEFINITE),
    named("coinbase-secret", "Coinbase secret", "coinbase", "[A-Za-z0-9+/]{64,88}={0,2}", "CO¦INBASE_API_SECRET=3KZ5FGb9C6lqSxnHoUydHtQKKLKF4lINaNz0rUM4yPUeLTUDqw60XmzvGNfheuB5", "COINBASE_API_SECRET=${COINBASE_API_SECRET}"),
    named("binance-secret", "Binance secret", "binance", "[A-Za-z0-9]{64}", "BI¦NANCE_API_SECRET=GHFw4KmCSqhqs2WWKWGFL0EYUeJ7OnlU4j1UdrZTe8noja2dyPGVzxsU4ZExQcxS", "BINANCE_API_SECRET=${BINANCE_API_SECRET}"),
    named("kraken-secret", "Kraken secret", "kraken", "[A-Za-z0-9+/]{80,90}={0,2}", "KR¦AKEN_PRIVATE_KEY=T2WOoCE0nGm8IbPPJxE3Z5gkSArqU0mHqg7PMgltYA9kz910tz2OqqOZqPeF0ukgr8TYCoww5LTWAmC7", "KRAKEN_PRIVATE_KEY=${KRAKEN_PRIVATE_KEY}"),
)
