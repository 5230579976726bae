"""Private keys, signed tokens and seeds."""

# ruff: noqa: E501, ISC004 - a pattern may not be broken

from __future__ import annotations

from opensession.redact.rule import DEFINITE, LIKELY, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "private-key",
        "Private key in PEM form",
        DEFINITE,
        ("-----BEGIN", "---- BEGIN"),
        # Between its lines stand breaks and whatever a diff, a quotation, a comment or a string literal adds.
        r"-----? ?BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)? ?-----?(?:⟨s⟩|[+#>|*\"'`, ]|\\{1,7}[\"'`]){0,24}"
        r"(?:(?:Proc-Type|DEK-Info|Version|Comment): ?[^\\\n\"]{1,80}(?:⟨s⟩|[+#>|* ]){1,24}){0,4}"
        r"((?:[A-Za-z0-9+/=#>|*, \t\r\n]|-(?!--)|\\{1,7}[nrt\"']){40,20000})(?<=[A-Za-z0-9/=])(?<!\\[nrt])",
        check="pem",
        yes=(
            "-----BEGIN RSA PRI¦VATE KEY-----\nMIIEowIBAAKCAQEAx1Zt7vGq0h3Lk9sWbT2mYc8RrUeFpQ4nDjXo5aHi\n"
            "KzJ6Vw3uPfGqSdLtEy0Cb1NxMhR7oIgA2k==\n-----END RSA PRIVATE KEY-----",
            '"-----BEGIN PRI¦VATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\\n'
            'Jx2kPz9Q\\n-----END PRIVATE KEY-----\\n"',
            "-----BEGIN OPENSSH PRI¦VATE KEY-----\n"
            "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\n-----END OPENSSH PRIVATE KEY-----",
            "-----BEGIN PGP PRI¦VATE KEY BLOCK-----\n\nlQOYBGTk3b0BCADQ7vJr5Zx9mW2sYhKp4LtNcUoEiRgAf81qVzXbHjSyGw6D\n-----END",
        ),
        no=(
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEx1Zt7vGq0h3Lk9sWbT2mYc8RrUeFpQ4nDjXo5aHi\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx1Zt7vGq0h3Lk9sW\n",
        ),
    ),
    Rule(
        "private-key-bare",
        "Private key in base64 without the lines around it",
        DEFINITE,
        (
            "IBADANBgkqhkiG9w0BAQEFAASC",
            "MIIEowIBAAKCAQEA",
            "MIIEpAIBAAKCAQEA",
            "MIIEpQIBAAKCAQEA",
            "MIIJKAIBAAKCAgEA",
            "MIIJKQIBAAKCAgEA",
            "MIIJKgIBAAKCAgEA",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
        ),
        r"(?:MII[A-Za-z0-9+/]{3})?(?:IBADANBgkqhkiG9w0BAQEFAASC|MIGHAgEA|MII[EJ][A-Za-z0-9+/]{2}IBAAKCA[QG])"
        r"[A-Za-z0-9+/]{40,8000}={0,2}",
        backs=(6, 0),
        yes=("MIIEvQ¦IBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7Jx2kPz9QvGq0h3Lk9sWbT2mYc8RrUeFpQ4nDjX",),
        no=("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx1Zt7vGq0h3Lk9sWbT2mYc8RrUeFpQ4nDjXo5aHiKzJ6V",),
    ),
    Rule(
        "putty-key",
        "Private key in PuTTY form",
        DEFINITE,
        ("Private-Lines:",),
        r"Private-Lines: [0-9]{1,3}((?:[A-Za-z0-9+/= \t\r\n]|\\{1,4}[nr]){40,20000})",
        check="pem",
        yes=("Private-¦Lines: 2\nAAABAQCk3vJr5Zx9mW2sYhKp4LtNcUoEiRgAf81qVzXbHjSyGw6D0u\nQ7tBnM==\nPrivate-MAC: 5f",),
        no=("Private-Lines: 0",),
    ),
    Rule(
        "age-key",
        "age private key",
        DEFINITE,
        ("AGE-SECRET-KEY-1",),
        r"⟨b⟩AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}⟨e⟩",
        yes=("AGE-SEC¦RET-KEY-1SKPA0R28H70CX0QD63TC2YGUGGQQDD22J5VDTVCNPH62FSY4NQ4YNKN75T",),
        no=("AGE-SECRET-KEY-1...", "age-secret-key"),
    ),
    Rule(
        "jwt",
        "Signed JSON web token",
        LIKELY,
        ("eyJ",),
        r"⟨b⟩eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{8,6000}\.[A-Za-z0-9_-]{20,1400}",
        check="jwt",
        yes=(
            "ey¦JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI4MTQ3MiIsInNjb3BlIjoiYWxsIn0.k3vJr5Zx9mW2sYhKp4LtNcUoEiRgAf81qVzXbHjSyGw",
        ),
        no=("eyJhbGciOiJIUzI1NiJ9", "eyJ0eXAi.eyJub3Rh.jwt"),
    ),
    Rule(
        "jwe",
        "Encrypted JSON web token",
        LIKELY,
        ("eyJ",),
        r"⟨b⟩eyJ[A-Za-z0-9_-]{16,2000}\.[A-Za-z0-9_-]{0,1000}\.[A-Za-z0-9_-]{8,64}\.[A-Za-z0-9_-]{16,6000}\.[A-Za-z0-9_-]{8,64}⟨e⟩",
        check="jwt",
        yes=(
            "ey¦JhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..tB7mQx0LZpV3sWq9.h4KfYc2NnR8uEoJdG6vTiA1xZwPy.Mk5sDbLrU3qCjHgXzO7eWA",
        ),
        no=("eyJhbGciOiJkaXIiLCJlbmMiOi.a.b.c.d",),
    ),
    Rule(
        "jwk-private",
        "Private part of a JSON web key",
        DEFINITE,
        ("kty",),
        r"kty\\{0,7}\"[^{}]{1,600}?\"d\\{0,7}\"[ \t]{0,4}:[ \t]{0,4}\\{0,7}\"([A-Za-z0-9_-]{40,700})",
        yes=('{"k¦ty":"EC","crv":"P-256","x":"f83OJ3D2","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}',),
        no=('{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}',),
    ),
    Rule(
        "seed-phrase",
        "Seed words of a wallet",
        LIKELY,
        ("mnemonic", "seed_phrase", "recovery_phrase"),
        r"(?i:mnemonic|seed[_ ]?phrase|recovery[_ ]?phrase)⟨sep⟩((?:[a-z]{3,8} ){11,23}[a-z]{3,8})",
        check="mnemonic",
        any_case=True,
        yes=('MNEMO¦NIC="orbit canvas lizard mango thrive puppet velvet ignore sunset cradle rhythm walnut"',),
        no=('mnemonic="test test test test test test test test test test test junk"',),
    ),
)
