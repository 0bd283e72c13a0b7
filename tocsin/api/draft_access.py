"""The draft a request is about, as far as the asker may see it, and the draft desk it is worked on."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.exceptions import HTTPException

from tocsin.api.access import Asker, Services, not_found
from tocsin.api.event_routes import FoundEvent
from tocsin.api.services import ApiServices, DraftDesk
from tocsin.workflow.draft_views import DraftView


def draft_desk_of(services: ApiServices) -> DraftDesk:
    """Where drafts are worked on; 404 where nobody may."""
    if services.drafts is None:
        raise not_found()
    return services.drafts


def found_draft(
    kind: str,
    services: Services,
    asker: Asker,
    event: FoundEvent,
    audience: Annotated[str | None, Query(max_length=500)] = None,
) -> DraftView:
    """The newest draft of a kind for an audience; for the widest that there is one for, if none is named."""
    fitting = (one for one in event.drafts if one.kind.value == kind and audience in {None, one.audience})
    draft = next(fitting, None)
    view = None if draft is None else draft_desk_of(services).view(draft, asker.clearance)
    if view is None:
        raise not_found()
    return view


FoundDraft = Annotated[DraftView, Depends(found_draft)]


def revision_of(form: dict[str, str]) -> int:
    """Revision that a form was made from."""
    stated = form.get("revision", "")
    if not (stated.isascii() and stated.isdigit() and len(stated) < 9):
        raise HTTPException(422, "revision: the number of the revision that was read is needed")
    return int(stated)
