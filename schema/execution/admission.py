"""Which operations are let in: the document, what it may cost, and how much its caller has asked for lately."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from access.allowance import Allowances
from access.meter import Meter
from access.principal import Principal, PrincipalKind
from base.errors import BadInput
from base.settings import Settings
from schema.execution.request import GraphQLRequest
from schema.execution.trusted import TrustedDocuments, text_without_list

# Even what touches no object has to be read, and what is refused had to be too.
LEAST_COST = 1


@dataclass(frozen=True, slots=True)
class Admission:
    """What stands between a request and its execution.

    Args:
        allowances: of the roles.
        meter: counts what callers take; None: nobody is counted.
        trusted: the only documents that are run; None: every one is.
        admin_is_exempt: the token of the environment may run others too.
    """

    allowances: Allowances = field(default_factory=Allowances)
    meter: Meter | None = None
    trusted: TrustedDocuments | None = None
    admin_is_exempt: bool = False

    @staticmethod
    def of(settings: Settings, meter: Meter) -> Admission:
        """As the settings say.

        Raises:
            ConfigurationFault: limits or documents cannot be read.
        """
        path = settings.trusted_documents
        return Admission(
            Allowances(settings.rate_limits, settings.cost_limits, settings.time_limits),
            meter,
            TrustedDocuments(Path(path)) if path else None,
            settings.trusted_documents_exempt_admin,
        )

    def text_of(self, request: GraphQLRequest, principal: Principal) -> str:
        """The document's text.

        Raises:
            KithError: it is not there, or not trusted.
        """
        exempt = self.admin_is_exempt and principal.kind is PrincipalKind.TOKEN and request.query is not None
        if self.trusted is None or exempt:
            return text_without_list(request)
        return self.trusted.text_of(request)

    def check_cost(self, principal: Principal, cost: int) -> None:
        """Refuse what may bring too much at once.

        Raises:
            BadInput: says which limit it was, and of which role.
        """
        allowance = self.allowances.of(principal)
        if cost > allowance.objects_at_once:
            raise BadInput(
                f"The query may bring {cost:,} objects; the limit of the role {allowance.role} is"
                f" {allowance.objects_at_once:,}.",
                hint="Ask for smaller pages, or ask an administrator to raise the role in KITH_COST_LIMITS.",
            )

    async def charge(self, principal: Principal, cost: int) -> None:
        """Count what somebody asked for.

        Raises:
            RateLimited: it is too much for now.
        """
        if self.meter is not None:
            per_s = self.allowances.of(principal).objects_per_s
            await self.meter.take(f"{principal.kind.value}:{principal.id}", per_s, max(LEAST_COST, cost))
