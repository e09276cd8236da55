"""The part of our contract that the benchmark's mix uses, as a FastAPI service on PostgreSQL: what ours is
measured beside.

It is meant to be as fast as such a service reasonably gets: uvloop and httptools, one statement a request on a
prepared statement of a pooled connection, the task and its outbox row in that one statement, indexes for each
query, answers serialised by pydantic's core without a second validation. It does less than ours: it counts no
requests against a limit, does not ask whether the person signed out meanwhile, logs no requests, and nobody
publishes its outbox.

DATABASE_URL and JWT_SECRET say where the data is and what signs tokens; POOL how many connections a process has.
"""

import html
import os
import re
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Annotated, Literal
from uuid import UUID, uuid4

import asyncpg
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints, TypeAdapter
from starlette.exceptions import HTTPException as RoutingError
from typing_extensions import TypedDict

SECRET = os.environ["JWT_SECRET"]
POOL = int(os.environ.get("POOL", "8"))

SCHEMA = """
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE TABLE IF NOT EXISTS users (
  id UUID PRIMARY KEY,
  default_reminders TEXT[] NOT NULL DEFAULT '{PT1H}'
);
CREATE OR REPLACE FUNCTION task_words(title TEXT, tags TEXT[], description TEXT) RETURNS TSVECTOR
  LANGUAGE SQL IMMUTABLE AS $$
    SELECT setweight(to_tsvector('simple', title), 'A')
      || setweight(to_tsvector('simple', array_to_string(tags, ' ')), 'B')
      || setweight(to_tsvector('simple', coalesce(description, '')), 'C')
  $$;
CREATE TABLE IF NOT EXISTS tasks (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  priority SMALLINT NOT NULL DEFAULT 1,
  due_date TIMESTAMPTZ,
  reminders TEXT[] NOT NULL,
  tags TEXT[] NOT NULL,
  recurrence_pattern TEXT,
  recurrence_from TEXT NOT NULL DEFAULT 'due_date',
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  completed_at TIMESTAMPTZ,
  version BIGINT NOT NULL DEFAULT 1,
  words TSVECTOR NOT NULL GENERATED ALWAYS AS (task_words(title, tags, description)) STORED
);
CREATE INDEX IF NOT EXISTS tasks_created ON tasks (user_id, created_at, id);
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (user_id, due_date, id);
CREATE INDEX IF NOT EXISTS tasks_status ON tasks (user_id, status, created_at, id);
CREATE INDEX IF NOT EXISTS tasks_words ON tasks USING gin (user_id, words) WITH (gin_pending_list_limit = 128);
CREATE TABLE IF NOT EXISTS outbox (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id UUID NOT NULL DEFAULT gen_random_uuid(),
  topic TEXT NOT NULL DEFAULT 'task-events',
  key UUID NOT NULL,
  event_type TEXT NOT NULL,
  task_id UUID NOT NULL,
  version BIGINT NOT NULL,
  time TIMESTAMPTZ NOT NULL,
  correlation_id TEXT,
  traceparent TEXT,
  data JSON NOT NULL,
  published_at TIMESTAMPTZ
);
CREATE INDEX IF NOT EXISTS outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;
"""

PRIORITIES = ["low", "medium", "high", "urgent"]
NAMES = """id, user_id, title, description, status, priority, due_date, reminders, tags, recurrence_pattern,
  recurrence_from, created_at, updated_at, completed_at, version"""
COLUMNS = NAMES.replace(" priority", " (ARRAY['low','medium','high','urgent'])[priority + 1] AS priority")
# With a statement `changed` before it that answers COLUMNS: the outbox row, in the same transaction.
TELL = """, told AS (
  INSERT INTO outbox (key, event_type, task_id, version, time, correlation_id, traceparent, data)
  SELECT user_id, {event_type}, id, version, updated_at, {correlation_id}, {traceparent}, row_to_json(changed)
  FROM changed) SELECT * FROM changed"""

Status = Literal["pending", "in_progress", "completed", "cancelled"]
Priority = Literal["low", "medium", "high", "urgent"]
RecurrenceFrom = Literal["due_date", "completion"]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Description = Annotated[str, StringConstraints(max_length=10_000)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=50)]
Pattern = Annotated[
    str, StringConstraints(pattern=r"^(daily|weekly|monthly|yearly|weekdays|(RRULE:)?FREQ=[A-Z0-9=;,:+-]+)$")
]
DURATION = re.compile(r"P(?=.)(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")


def a_reminder(text: str) -> str:
    if not DURATION.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("must be an ISO 8601 duration or a date-time") from None
    return text


def at_most(count: int):
    def check(items: list[str]) -> list[str]:
        if len(items) > count:
            raise ValueError(f"must have at most {count} items")
        return list(dict.fromkeys(items))

    return AfterValidator(check)


def to_the_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


Reminders = Annotated[list[Annotated[str, AfterValidator(a_reminder)]], at_most(10)]
Tags = Annotated[list[Tag], at_most(20)]
Moment = Annotated[AwareDatetime, AfterValidator(to_the_second)]


class TaskInput(BaseModel):
    title: Title
    description: Description | None = None
    priority: Priority = "medium"
    due_date: Moment | None = None
    reminders: Reminders | None = None
    tags: Tags | None = None
    recurrence_pattern: Pattern | None = None
    recurrence_from: RecurrenceFrom = "due_date"


class TaskPatch(BaseModel):
    """Absent fields are told by `model_fields_set`; those without `| None` may not be null."""

    title: Title = ""
    description: Description | None = None
    status: Status = "pending"
    priority: Priority = "medium"
    due_date: Moment | None = None
    reminders: Reminders | None = None
    tags: Tags | None = None
    recurrence_pattern: Pattern | None = None
    recurrence_from: RecurrenceFrom = "due_date"


class Task(TypedDict):
    id: UUID
    user_id: UUID
    title: str
    description: str | None
    status: str
    priority: str
    due_date: datetime | None
    reminders: list[str]
    tags: list[str]
    recurrence_pattern: str | None
    recurrence_from: str
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    version: int


class SearchHit(Task):
    snippet: str


class TaskPage(TypedDict):
    tasks: list[Task]
    total: int
    limit: int
    offset: int


class SearchResults(TypedDict):
    tasks: list[SearchHit]
    total: int
    query: str


TASK = TypeAdapter(Task)
TASK_PAGE = TypeAdapter(TaskPage)
SEARCH_RESULTS = TypeAdapter(SearchResults)
ERROR = TypeAdapter(dict)


class ListQuery(BaseModel):
    status: list[Status] = []
    priority: list[Priority] = []
    tag: list[Tag] = []
    due_before: AwareDatetime | None = None
    due_after: AwareDatetime | None = None
    overdue: bool | None = None
    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    sort: Annotated[str, StringConstraints(pattern="^-?(created_at|due_date|priority|title|updated_at)$")] = (
        "-created_at"
    )
    limit: Annotated[int, Query(ge=1, le=100)] = 20
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0


async def nothing_to_reset(connection: asyncpg.Connection) -> None:
    """No request leaves anything behind in its session, so giving a connection back costs no statement."""


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=POOL,
        max_size=POOL,
        reset=nothing_to_reset,
        server_settings={"timezone": "UTC"},
    ) as pool:
        async with pool.acquire() as connection, connection.transaction():
            # Several processes start at once.
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
            await connection.execute(SCHEMA)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, "application/json")


def refusal(status: int, detail: str, request: Request, errors: list | None = None) -> Response:
    body = {"detail": detail, "correlation_id": correlation_id(request)}
    if errors is not None:
        body["errors"] = errors
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return answer(ERROR.dump_json(body), status, headers)


def correlation_id(request: Request) -> str:
    return request.headers.get("x-correlation-id") or str(uuid4())


@app.exception_handler(RoutingError)
async def refused(request: Request, error: RoutingError) -> Response:
    return refusal(error.status_code, str(error.detail), request)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> Response:
    if any(it["type"] == "json_invalid" for it in error.errors()):
        return refusal(400, "The body is not JSON", request)
    if any(it["loc"][0] == "path" for it in error.errors()):
        return refusal(404, "Not found", request)
    errors = [{"field": ".".join(map(str, it["loc"][1:])), "message": it["msg"]} for it in error.errors()]
    return refusal(422, "Invalid value", request, errors)


@app.exception_handler(Exception)
async def failed(request: Request, error: Exception) -> Response:
    return refusal(500, "Internal error", request)


@app.exception_handler(asyncpg.PostgresConnectionError)
async def unavailable(request: Request, error: Exception) -> Response:
    return refusal(503, "Try again later", request)


async def person(request: Request) -> UUID:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "No bearer token")
    try:
        claims = jwt.decode(
            token,
            SECRET,
            algorithms=["HS256"],
            audience="todo-api",
            issuer="todo-chatbot",
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        raise HTTPException(401, "The token is not valid") from None


Person = Annotated[UUID, Depends(person)]


def tagged(record: asyncpg.Record, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    etag = {"etag": f'"{record["version"]}"'}
    return answer(TASK.dump_json(dict(record)), status, etag | (headers or {}))


def with_total(rows: list[asyncpg.Record]) -> tuple[list[dict], int]:
    """The tasks of rows that also say how many there are in all."""
    tasks, total = [dict(row) for row in rows], 0
    for task in tasks:
        total = task.pop("total")
    return tasks, total


def tsquery(typed: str) -> str:
    """All words must occur; the last one is perhaps only begun."""
    words = re.findall(r"\w+", typed.lower())
    return " & ".join(f"'{word}'" for word in words) + ":*" if words else ""


@app.get("/healthz")
async def healthz() -> Response:
    return answer(b'{"status":"ok"}')


@app.get("/readyz")
async def readyz(request: Request) -> Response:
    await request.app.state.pool.fetchval("SELECT 1")
    return answer(b'{"status":"ok"}')


@app.get("/api/tasks")
async def list_tasks(request: Request, user_id: Person, query: Annotated[ListQuery, Query()]) -> Response:
    conditions, values = ["user_id = $1"], [user_id]

    def add(condition: str, value) -> None:
        values.append(value)
        conditions.append(condition.format(f"${len(values)}"))

    if query.status:
        add("status = ANY({}::text[])", query.status)
    if query.priority:
        add("priority = ANY({}::smallint[])", [PRIORITIES.index(it) for it in query.priority])
    if query.tag:
        add("tags && {}::text[]", query.tag)
    if query.due_before:
        add("due_date < {}", query.due_before)
    if query.due_after:
        add("due_date >= {}", query.due_after)
    if query.overdue is not None:
        overdue = "(status IN ('pending', 'in_progress') AND due_date IS NOT NULL AND due_date < {})"
        add(overdue if query.overdue else f"NOT {overdue}", datetime.now(timezone.utc))
    if query.q:
        add("words @@ to_tsquery('simple', {})", tsquery(query.q))
    way = "DESC" if query.sort.startswith("-") else "ASC"
    column = query.sort.removeprefix("-")
    # `priority` alone would be the answer's column, which is text.
    column = {
        "title": "lower(title)",
        "due_date": f"due_date {way} NULLS LAST, created_at",
        "priority": "tasks.priority",
    }.get(column, column)
    where = " AND ".join(conditions)
    count = f"SELECT count(*) FROM tasks WHERE {where}"
    rows = await request.app.state.pool.fetch(
        f"""SELECT ({count}) AS total, {COLUMNS} FROM tasks WHERE {where}
            ORDER BY {column} {way}, id {way} LIMIT ${len(values) + 1} OFFSET ${len(values) + 2}""",
        *values,
        query.limit,
        query.offset,
    )
    tasks, total = with_total(rows)
    if not rows and query.offset:
        total = await request.app.state.pool.fetchval(count, *values)
    page = {"tasks": tasks, "total": total, "limit": query.limit, "offset": query.offset}
    return answer(TASK_PAGE.dump_json(page))


CREATE = f"""WITH changed AS (
  INSERT INTO tasks (id, user_id, title, description, priority, due_date, reminders, tags, recurrence_pattern,
    recurrence_from, created_at, updated_at)
  SELECT $1, users.id, $3, $4, $5, $6, coalesce($7::text[], default_reminders), $8, $9, $10, $11, $11
  FROM users WHERE users.id = $2 RETURNING {COLUMNS})""" + TELL.format(
    event_type="'task_created'", correlation_id="$12", traceparent="$13"
)


@app.post("/api/tasks")
async def create_task(request: Request, user_id: Person, task: TaskInput) -> Response:
    reminders = [] if "reminders" in task.model_fields_set and task.reminders is None else task.reminders
    row = await request.app.state.pool.fetchrow(
        CREATE,
        uuid4(),
        user_id,
        task.title,
        task.description,
        PRIORITIES.index(task.priority),
        task.due_date,
        reminders,
        task.tags or [],
        task.recurrence_pattern,
        task.recurrence_from,
        datetime.now(timezone.utc),
        correlation_id(request),
        request.headers.get("traceparent"),
    )
    if row is None:
        raise HTTPException(401, "The token is not valid")
    return tagged(row, 201, {"location": f"/api/tasks/{row['id']}"})


async def by_id(request: Request, user_id: UUID, id: UUID) -> asyncpg.Record:
    row = await request.app.state.pool.fetchrow(
        f"SELECT {COLUMNS} FROM tasks WHERE id = $1 AND user_id = $2", id, user_id
    )
    if row is None:
        raise HTTPException(404, "Not found")
    return row


TaskId = Annotated[UUID, Path()]


@app.get("/api/tasks/{id}")
async def read_task(request: Request, user_id: Person, id: TaskId) -> Response:
    return tagged(await by_id(request, user_id, id))


async def change(request: Request, user_id: UUID, id: UUID, fields: dict, if_match: str | None) -> Response:
    """One UPDATE that names only what is given and holds only if some of it differs."""
    expected = None
    if if_match is not None and if_match != "*":
        # What was never an ETag of ours matches nothing.
        expected = int(if_match[1:-1]) if re.fullmatch(r'"\d{1,18}"', if_match) else -1
    if fields:
        now = datetime.now(timezone.utc)
        values = [id, user_id, now, expected, correlation_id(request), request.headers.get("traceparent")]
        changes, differs = [], []
        for name, value in fields.items():
            values.append(value)
            changes.append(f"{name} = ${len(values)}")
            differs.append(f"{name} IS DISTINCT FROM ${len(values)}")
        if "status" in fields:
            is_done = fields["status"] == "completed"
            changes.append("completed_at = " + ("coalesce(completed_at, $3)" if is_done else "NULL"))
        event_type = "task_completed" if fields.get("status") == "completed" else "task_updated"
        row = await request.app.state.pool.fetchrow(
            f"""WITH changed AS (
                  UPDATE tasks SET version = version + 1, updated_at = $3, {", ".join(changes)}
                  WHERE id = $1 AND user_id = $2 AND ($4::bigint IS NULL OR version = $4)
                    AND ({" OR ".join(differs)}) RETURNING {COLUMNS})"""
            + TELL.format(event_type=f"'{event_type}'", correlation_id="$5", traceparent="$6"),
            *values,
        )
        if row is not None:
            return tagged(row)
    row = await by_id(request, user_id, id)
    if expected is not None and expected != row["version"]:
        raise HTTPException(412, "The task has another version")
    return tagged(row)


@app.api_route("/api/tasks/{id}", methods=["PATCH", "PUT"])
async def update_task(
    request: Request, user_id: Person, id: TaskId, patch: TaskPatch, if_match: Annotated[str | None, Header()] = None
) -> Response:
    fields = {name: getattr(patch, name) for name in patch.model_fields_set}
    if "priority" in fields:
        fields["priority"] = PRIORITIES.index(fields["priority"])
    for name in ("reminders", "tags"):
        if name in fields:
            fields[name] = fields[name] or []
    return await change(request, user_id, id, fields, if_match)


@app.post("/api/tasks/{id}/complete")
async def complete_task(request: Request, user_id: Person, id: TaskId) -> Response:
    return await change(request, user_id, id, {"status": "completed"}, None)


# Marks that no text has are put around matches, so that the text itself can be escaped.
SEARCH = f"""SELECT total, {NAMES}, ts_headline('simple', title || coalesce(' ' || description, ''), typed,
    E'StartSel=\\x01, StopSel=\\x02, MaxWords=24, MinWords=12') AS snippet
  FROM (SELECT count(*) OVER () AS total, {COLUMNS}, typed,
          ts_rank('{{0.1, 0.2, 0.5, 1.0}}', words, typed, 1) AS rank
        FROM tasks CROSS JOIN to_tsquery('simple', $2) AS typed
        WHERE user_id = $1 AND words @@ typed
        ORDER BY rank DESC, created_at LIMIT $3) AS found
  ORDER BY rank DESC, created_at"""


@app.get("/api/search/tasks")
async def search_tasks(
    request: Request,
    user_id: Person,
    q: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), Query()],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    hits, total = with_total(await request.app.state.pool.fetch(SEARCH, user_id, tsquery(q), limit))
    for hit in hits:
        hit["snippet"] = html.escape(hit["snippet"]).replace("\x01", "<mark>").replace("\x02", "</mark>")
    return answer(SEARCH_RESULTS.dump_json({"tasks": hits, "total": total, "query": q}))
