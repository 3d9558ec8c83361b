"""Runs operations: the same steps for every transport."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, cast

import strawberry
from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.execute import create_source_event_stream
from strawberry.execution import optimized_is_awaitable

from access.allowance import SCAN_TIMES
from access.gate import Caller
from audit.entry import Entry
from base.clock import now_ms
from base.errors import BadInput, ErrorCode, KithError, Unavailable
from resolvers.context import Services
from schema.context import OperationContext
from schema.errors import formatted, of_fault
from schema.execution.admission import Admission
from schema.execution.auditing import audit_changes, audit_read, refused_entry
from schema.execution.cost import cost_of
from schema.execution.direct import direct_query
from schema.execution.document import Prepared
from schema.execution.executor import KithExecutor
from schema.execution.limits import MAX_TOKENS, check_document, check_text
from schema.execution.reads import reads_of
from schema.execution.request import GraphQLRequest
from schema.execution.rights import check_rights, needed_by, rights_of
from schema.execution.selection import select_in
from schema.execution.watched import watched
from schema.telemetry import span

SCANNING_FIELDS = frozenset(
    {"estimate", "importSegment", "importTagValues", "saveResultAsSegment", "createTag", "updateTag"}
)
SCANNING_ARGUMENTS = frozenset({"where", "orderBy"})
MAX_PURPOSE_CHARS = 200
MAX_CACHED_DOCUMENTS = 512
# Longer texts carry their values with them, so they do not come twice.
MAX_CACHED_CHARS = 8_000


def _is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _scans(field: FieldNode) -> bool:
    """Whether it passes over everybody: a list of customers does with a rule or an order."""
    given = {argument.name.value for argument in field.arguments or ()}
    return field.name.value in SCANNING_FIELDS or (field.name.value == "customers" and bool(given & SCANNING_ARGUMENTS))


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to be encoded.

    Attributes:
        started: False when the request was refused before anything ran; then there is no `data`.
    """

    body: dict[str, Any]
    started: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that may run; `purpose`: what personal values are needed for, as the request says it."""

    prepared: Prepared
    kind: Literal["query", "mutation", "subscription"]
    name: str | None
    request: GraphQLRequest
    caller: Caller
    purpose: str | None
    cost: int


class Refused(Exception):
    """The request cannot run; `answer` says why.

    Args:
        forbidden: what is logged of it, when whoever asks may not run it.
    """

    def __init__(self, errors: list[dict[str, Any]], forbidden: Entry | None = None):
        super().__init__()
        self.answer = Answer({"errors": errors}, started=False)
        self.forbidden = forbidden


class Engine:
    """The schema and everything that its operations need. One a process.

    Args:
        open_schema: introspection and suggestions are for local use.
        admission: limits and trusted documents; without it the built-in limits of one operation alone.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        services: Services,
        *,
        open_schema: bool,
        admission: Admission | None = None,
    ):
        self._admission = admission or Admission()
        self._schema: GraphQLSchema = schema._schema
        self._rights = rights_of(schema)
        audit_changes(self._schema)
        self._services = services
        self._open_schema = open_schema
        self._rules = specified_rules if open_schema else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, Prepared] = OrderedDict()

    async def accept(self, request: GraphQLRequest, request_id: str, caller: Caller) -> Operation:
        """`prepare`, and count what it costs; what is refused is counted too.

        Raises:
            Refused: with what is wrong.
            RateLimited: the caller has had enough for now.
        """
        try:
            operation = self.prepare(request, request_id, caller)
        except Refused:
            await self._admission.charge(caller.principal, 0)
            raise
        await self._admission.charge(caller.principal, operation.cost)
        return operation

    def prepare(self, request: GraphQLRequest, request_id: str, caller: Caller) -> Operation:
        """Parse, measure, validate and check rights; known documents come from memory.

        Raises:
            Refused: with what is wrong.
        """
        try:
            prepared = self._document(self._admission.text_of(request, caller.principal), request_id)
            operation = prepared.operation(request.operationName)
            if operation is None:
                raise BadInput("The document has no such operation.", hint="Name one of its operations.")
            name = operation.name.value if operation.name else None
            try:
                check_rights(caller.principal, prepared.needs[name])
            except KithError as fault:
                fields = select_in(
                    operation.selection_set, frozenset({operation.operation.value.capitalize()}), prepared.fragments
                )
                action = ", ".join(sorted({nodes[0].name.value for nodes in fields.fields.values()}))
                raise Refused([of_fault(fault)], refused_entry(caller.principal, request_id, action)) from None
            purpose = _purpose(request.extensions or {})
            cost = prepared.costs[name].cost(request.variables or {})
            self._admission.check_cost(caller.principal, cost)
        except KithError as fault:
            raise Refused([of_fault(fault)]) from None
        return Operation(prepared, operation.operation.value, name, request, caller, purpose, cost)

    async def note(self, refused: Refused) -> None:
        """Log what somebody tried who may not; the refusal stands whether or not it can be logged."""
        if refused.forbidden is not None:
            with suppress(Unavailable):
                await self._services.audit.write(refused.forbidden)

    async def execute(self, operation: Operation, request_id: str) -> Answer:
        """Run a query or mutation; never raises for what happens inside."""
        started_ms = now_ms()
        context = OperationContext(
            self._services, request_id, operation.caller.principal, operation.purpose, operation.prepared
        )
        allowance = self._admission.allowances.of(operation.caller.principal)
        timeout_s = allowance.time_s * (SCAN_TIMES if operation.name in operation.prepared.scanning else 1)
        try:
            with span(operation.kind, operation.name):
                async with asyncio.timeout(timeout_s):
                    result = await self._result(operation, context)
        except TimeoutError:
            slow = KithError(
                ErrorCode.UNAVAILABLE,
                f"The query took longer than {timeout_s} s, the limit of the role {allowance.role}, and was stopped.",
                hint="Ask for smaller pages, create a segment from the rule, or ask for more in KITH_TIME_LIMITS.",
            )
            return Answer({"errors": [of_fault(slow)], "data": None}, started=True)
        answer = result if isinstance(result, Answer) else self._answer(result, request_id)
        return await self._audited(operation, context, started_ms, answer)

    async def _audited(
        self, operation: Operation, context: OperationContext, started_ms: int, answer: Answer
    ) -> Answer:
        """The answer, once it is logged whom it shows; without that, none."""
        reads = operation.prepared.reads.get(operation.name)
        if reads is None or not answer.started:
            return answer
        try:
            await audit_read(context, reads, started_ms)
        except Unavailable as fault:
            return Answer({"errors": [of_fault(fault)], "data": None}, started=True)
        return answer

    async def _result(self, operation: Operation, context: OperationContext) -> ExecutionResult | Answer:
        direct = operation.prepared.direct.get(operation.name)
        if direct is not None:
            answered = await direct.run(context, operation.request.variables or {})
            if answered is not None:
                return answered
        executor = self._executor(operation, context)
        if isinstance(executor, Answer):
            return executor
        result = executor.execute_operation()
        return result if isinstance(result, ExecutionResult) else cast("ExecutionResult", await result)

    async def subscribe(self, operation: Operation, request_id: str) -> AsyncGenerator[Answer, None]:
        """Run a subscription: one answer an event. Ends with an answer with errors when the stream breaks."""
        context = OperationContext(
            self._services, request_id, operation.caller.principal, operation.purpose, operation.prepared
        )
        executor = self._executor(operation, context)
        if isinstance(executor, Answer):
            yield executor
            return
        stream = create_source_event_stream(executor)
        if not isinstance(stream, AsyncIterable | ExecutionResult):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            yield Answer({"errors": self._errors(stream.errors, request_id)}, started=False)
            return
        async with aclosing(watched(stream, operation, context)) as events:
            try:
                async for event in events:
                    yield await self._event(executor, operation, event, request_id)
            except KithError as fault:
                yield Answer({"errors": [of_fault(fault)]}, started=False)
            except Exception as fault:
                error = GraphQLError("The stream broke.", original_error=fault)
                yield Answer({"errors": self._errors([error], request_id)}, started=False)

    async def _event(self, executor: Any, operation: Operation, event: object, request_id: str) -> Answer:
        # A context an event: data loaders remember, and what they remember would be old by the next one.
        one = executor.build_per_event_executor(event)
        context = OperationContext(
            self._services,
            request_id,
            operation.caller.principal,
            operation.purpose,
            operation.prepared,
            executor.variable_values,
        )
        one.context_value = context
        started_ms = now_ms()
        result = one.execute_operation(False)
        if not isinstance(result, ExecutionResult):
            result = await result
        return await self._audited(operation, context, started_ms, self._answer(result, request_id))

    def _executor(self, operation: Operation, context: OperationContext) -> Any:
        request = operation.request
        executor = KithExecutor.build(
            self._schema,
            operation.prepared.document,
            None,
            context,
            request.variables or {},
            request.operationName or None,
            is_awaitable=_is_awaitable,
            hide_suggestions=not self._open_schema,
        )
        if isinstance(executor, list):
            return Answer({"errors": self._errors(executor, context.request_id)}, started=False)
        context.variables = executor.variable_values
        return executor

    def _document(self, query: str, request_id: str) -> Prepared:
        prepared = self._documents.get(query)
        if prepared is not None:
            self._documents.move_to_end(query)
            return prepared
        check_text(query)
        try:
            document = parse(query, max_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise Refused(self._errors([error], request_id)) from None
        check_document(document)
        errors = validate(self._schema, document, self._rules, max_errors=20, hide_suggestions=not self._open_schema)
        if errors:
            raise Refused(self._errors(errors, request_id))
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        operations = {
            node.name.value if node.name else None: node
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        costs = {name: cost_of(node, fragments) for name, node in operations.items()}
        needs = {name: needed_by(node, fragments, self._schema, self._rights) for name, node in operations.items()}
        prepared = Prepared(document, operations, fragments, costs, needs)
        for name, operation in operations.items():
            prepared.direct[name] = direct_query(self._schema, prepared, name)
            if operation.operation is not OperationType.MUTATION:
                prepared.reads[name] = reads_of(operation, fragments, self._schema)
            fields = select_in(operation.selection_set, frozenset({"Query"}), fragments).fields
            if any(_scans(nodes[0]) for nodes in fields.values()):
                prepared.scanning.add(name)
        if len(query) <= MAX_CACHED_CHARS:
            self._documents[query] = prepared
            if len(self._documents) > MAX_CACHED_DOCUMENTS:
                self._documents.popitem(last=False)
        return prepared

    def _answer(self, result: ExecutionResult, request_id: str) -> Answer:
        if not result.errors:
            return Answer({"data": result.data}, started=True)
        return Answer({"errors": self._errors(result.errors, request_id), "data": result.data}, started=True)

    def _errors(self, errors: list[GraphQLError] | None, request_id: str) -> list[dict[str, Any]]:
        return [formatted(error, request_id, suggest=self._open_schema) for error in errors or ()]


def _purpose(extensions: Mapping[str, object]) -> str | None:
    """What a request says that it needs personal values for.

    Raises:
        BadInput: no text, an empty one or a long one.
    """
    return check_purpose(extensions["purpose"], "extensions.purpose") if "purpose" in extensions else None


def check_purpose(given: object, field: str) -> str:
    """What somebody says that they need personal values for.

    Raises:
        BadInput: no text, an empty one or a long one.
    """
    purpose = given.strip() if isinstance(given, str) else ""
    if not 0 < len(purpose) <= MAX_PURPOSE_CHARS or not purpose.isprintable():
        raise BadInput(
            f"A purpose is a text of 1 to {MAX_PURPOSE_CHARS} characters.",
            hint="Say in a few words what the personal values are needed for.",
            field=field,
        )
    return purpose


def is_subscription(operation: Operation) -> bool:
    """Whether the operation is a stream."""
    return operation.kind == OperationType.SUBSCRIPTION.value
