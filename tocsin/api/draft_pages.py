"""The page on which a person edits a draft, signs its exact text and takes it to GCN's own form; no script needed.

What a person has typed is never lost: where it cannot be kept, the page comes back with it and with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from advocates.drafts import differences
from advocates.lint import lint_draft
from tocsin.api import draft_routes, forms
from tocsin.api.access import Asker, Services
from tocsin.api.draft_access import FoundDraft, draft_desk_of, found_draft, revision_of
from tocsin.api.errors import STATUS
from tocsin.api.event_routes import FoundEvent, found_event
from tocsin.api.posting import TextForm, chosen_person, people_to_choose, person_of, remember_person
from tocsin.api.rendering import render
from tocsin.api.services import ApiServices, Viewer
from tocsin.domain.errors import ConflictError, NotAllowedError, TocsinError
from tocsin.domain.people import PersonRole
from tocsin.workflow.draft_views import DraftView
from tocsin.workflow.queries import EventView

router = APIRouter(prefix="/events/{event_id}/drafts/{kind}", include_in_schema=False)

router.add_api_route(".json", draft_routes.draft, methods=["GET"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A text that was not kept or not signed: what was typed, and why."""

    subject: str
    body: str
    error: TocsinError


@router.get("")
def editor(request: Request, services: Services, asker: Asker, event: FoundEvent, view: FoundDraft) -> Response:
    """A draft: its text to edit, the findings, what was changed, and who signed it."""
    return _page(request, services, asker, event, view)


@router.post("/edit")
async def edit(
    request: Request, event_id: str, services: Services, asker: Asker, view: FoundDraft, form: TextForm
) -> Response:
    """Keep the text as the next revision."""

    def keep(person_id: str) -> None:
        subject, body = form.get("subject", ""), form.get("body", "")
        kind = view.draft.kind
        draft_desk_of(services).edit(event_id, kind, revision_of(form), person_id, subject, body, "page")

    return await run_in_threadpool(_done, request, services, asker, view, form, keep)


@router.post("/lint")
async def lint(request: Request, view: FoundDraft, form: TextForm) -> Response:
    """Findings on a text that is being typed, as a part of the page; nothing is kept."""
    typed = replace(
        view.draft, subject=form.get("subject", view.draft.subject), body=_plain(form.get("body", view.draft.body))
    )
    found = await run_in_threadpool(lint_draft, typed)
    kept = ("stale", "conflict.", "cite.", "embargo.")
    stale = [one for one in view.findings if one.rule.startswith(kept)]
    return render(request, "live_findings.html", {"findings": [*found, *stale]})


@router.post("/comment")
async def comment(
    request: Request, event_id: str, services: Services, asker: Asker, view: FoundDraft, form: TextForm
) -> Response:
    """Keep what somebody says of the text."""

    def say(person_id: str) -> None:
        given = (event_id, view.draft.kind, revision_of(form), person_id, form.get("text", ""), "page")
        draft_desk_of(services).comment(*given)

    return await run_in_threadpool(_done, request, services, asker, view, form, say)


@router.post("/approve")
async def approve(
    request: Request, event_id: str, services: Services, asker: Asker, view: FoundDraft, form: TextForm
) -> Response:
    """Sign the exact text."""

    def sign(person_id: str) -> None:
        if revision_of(form) == view.draft.revision and _is_changed(form, view):
            raise ConflictError("the text was changed but not saved", remedy="save it, read the findings, then approve")
        sha256 = form.get("sha256", "")
        draft_desk_of(services).approve(event_id, view.draft.kind, revision_of(form), person_id, sha256, "page")

    return await run_in_threadpool(_done, request, services, asker, view, form, sign)


def _done(
    request: Request,
    services: ApiServices,
    asker: Viewer,
    view: DraftView,
    form: dict[str, str],
    act: Callable[[str], None],
) -> Response:
    """Act for the person of the form and show the draft again: as it is now or, where refused, with what was typed."""
    event_id, kind = view.draft.event_id, view.draft.kind.value
    try:
        person_id = person_of(services, asker, form.get("person", ""))
        act(person_id)
    except (ConflictError, NotAllowedError) as error:
        event = found_event(event_id, services, asker)
        now = found_draft(kind, services, asker, event, view.draft.audience)
        typed = Refused(
            subject=form.get("subject", now.draft.subject), body=_plain(form.get("body", now.draft.body)), error=error
        )
        return _page(request, services, asker, event, now, refused=typed)
    response = RedirectResponse(forms.draft_page(view.draft), status_code=303)
    remember_person(response, person_id)
    return response


def _page(
    request: Request,
    services: ApiServices,
    asker: Viewer,
    event: EventView,
    view: DraftView,
    *,
    refused: Refused | None = None,
) -> Response:
    people = people_to_choose(services, asker, PersonRole.ADVOCATE, PersonRole.APPROVER)
    draft = view.draft
    typed = draft if refused is None else replace(draft, subject=refused.subject, body=refused.body)
    is_typed = (typed.subject, typed.body) != (draft.subject, draft.body)
    content = {
        "event": event.item.event,
        "item": event.item,
        "view": view,
        "findings": view.findings,
        "draft": draft,
        "typed": typed,
        "refused": refused,
        "is_typed": is_typed,
        "passages": differences(draft, typed) if is_typed else view.passages,
        "people": people,
        "chosen": chosen_person(request, services, people),
        "may_act": bool(people or asker.person_id),
        "signed_in_as": services.name_of(asker.person_id) if asker.person_id else None,
        "name_of": services.name_of,
        "here": f"/events/{draft.event_id}/drafts/{draft.kind.value}",
        "of_audience": forms.of_audience(draft),
    }
    error = None if refused is None else refused.error
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 200)
    return render(request, "draft.html", content, status=status)


def _is_changed(form: dict[str, str], view: DraftView) -> bool:
    """Whether the form holds another text than the one that would be signed."""
    subject, body = form.get("subject", view.draft.subject), _plain(form.get("body", view.draft.body))
    return (subject, body) != (view.draft.subject, view.draft.body)


def _plain(text: str) -> str:
    """Text with the line breaks that it had before a browser sent it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
