"""Readable names for studies that were given none."""

import secrets

__all__ = ["generate_study_name"]

_ADJECTIVES = (
    "amber", "brisk", "calm", "clear", "deep", "early", "fair", "fleet", "golden", "keen",
    "late", "lively", "lucid", "mild", "noble", "quiet", "rapid", "sharp", "steady", "sunlit",
    "swift", "tidy", "true", "vivid", "warm", "wise",
)  # fmt: skip
_NOUNS = (
    "badger", "canyon", "cedar", "condor", "coyote", "dune", "falcon", "heron", "juniper", "lark",
    "lynx", "mesa", "mustang", "otter", "owl", "pine", "prairie", "raven", "ridge", "river",
    "sage", "sparrow", "summit", "swallow", "willow", "wren",
)  # fmt: skip


def generate_study_name() -> str:
    """Return a name such as `brisk-otter-3fa2`."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{secrets.token_hex(2)}"
