from tocsin.domain.drafts import Finding


def lint_geometry(body: str) -> list[Finding]:
    """Findings."""
    return []
