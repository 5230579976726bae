"""The rules: data by family, one row a kind of secret."""

from __future__ import annotations

from opensession.redact.rules import chat, cloud, forges, generic, keys, mail, models, operations, payment, products

FAMILIES = {
    "cloud": cloud.RULES,
    "forges": forges.RULES,
    "models": models.RULES,
    "chat": chat.RULES,
    "payment": payment.RULES,
    "mail": mail.RULES,
    "operations": operations.RULES,
    "products": products.RULES,
    "keys": keys.RULES,
    "generic": generic.RULES,
}
"""Rules by family; where two find the same text, the earlier one names it."""

RULES = tuple(rule for rules in FAMILIES.values() for rule in rules)
