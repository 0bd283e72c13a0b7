"""REST: circular drafts as they are edited, approved and handed over. Nothing here submits one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from advocates.hand_over import MEDIA, handed_over
from advocates.hand_over import Form as HandOverForm
from tocsin.api import forms
from tocsin.api.access import Asker, Services
from tocsin.api.draft_access import FoundDraft, draft_desk_of, found_draft, revision_of
from tocsin.api.event_routes import found_event
from tocsin.api.posting import Form, TextForm, person_of
from tocsin.api.responses import json_response, tagged
from tocsin.workflow.draft_views import DraftView

router = APIRouter(prefix="/api/v1/events/{event_id}/drafts/{kind}", tags=["drafts"])


@router.get("")
def draft(request: Request, services: Services, view: FoundDraft) -> Response:
    """One draft: its digest, findings, approvals, changes and, once approved, the link to GCN's own form."""
    return json_response(request, forms.draft_view_json(view, services.name_of))


@router.get("/text")
def text(request: Request, view: FoundDraft, form: Annotated[HandOverForm, Query()] = HandOverForm.TEXT) -> Response:
    """The text as a file (`txt`, `md`, `atel`, `eml`); an unapproved subject says DRAFT, which GCN refuses."""
    made = view.draft
    suffix = "atel.txt" if form is HandOverForm.ATEL else form.value
    name = f"{'' if view.is_approved else 'DRAFT-'}{made.event_id}-{made.kind.value}-r{made.revision}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    shown = handed_over(made, form, is_approved=view.is_approved)
    return tagged(request, shown.encode(), MEDIA[form], headers=headers)


@router.post("/edit")
async def edit(
    request: Request, event_id: str, services: Services, asker: Asker, view: FoundDraft, form: TextForm
) -> Response:
    """Keep a text as the next revision (form fields `revision`, `subject`, `body`; `person` where nobody is signed in).

    Its approvals are void. 409 where a newer revision was made meanwhile.
    """
    person_id = person_of(services, asker, form.get("person", ""))
    await run_in_threadpool(
        draft_desk_of(services).edit,
        event_id,
        view.draft.kind,
        revision_of(form),
        person_id,
        form.get("subject", ""),
        form.get("body", ""),
        "api",
    )
    return await run_in_threadpool(_answer, request, event_id, view, services, asker)


@router.post("/approve")
async def approve(
    request: Request, event_id: str, services: Services, asker: Asker, view: FoundDraft, form: Form
) -> Response:
    """Approve the exact text of the newest revision (form fields `revision`, `sha256`; `person` as for an edit).

    403 names every reason why not; 409 where the text is not the one that was read.
    """
    person_id = person_of(services, asker, form.get("person", ""))
    given = (event_id, view.draft.kind, revision_of(form), person_id, form.get("sha256", ""), "api")
    await run_in_threadpool(draft_desk_of(services).approve, *given)
    return await run_in_threadpool(_answer, request, event_id, view, services, asker)


@router.post("/comment")
async def comment(
    request: Request, event_id: str, services: Services, asker: Asker, view: FoundDraft, form: Form
) -> Response:
    """Keep a comment on a revision (form fields `revision`, `text`; `person` as for an edit); nothing else changes."""
    person_id = person_of(services, asker, form.get("person", ""))
    given = (event_id, view.draft.kind, revision_of(form), person_id, form.get("text", ""), "api")
    await run_in_threadpool(draft_desk_of(services).comment, *given)
    return await run_in_threadpool(_answer, request, event_id, view, services, asker)


def _answer(request: Request, event_id: str, asked: DraftView, services: Services, asker: Asker) -> Response:
    event = found_event(event_id, services, asker)
    view = found_draft(asked.draft.kind.value, services, asker, event, asked.draft.audience)
    return json_response(request, forms.draft_view_json(view, services.name_of))
