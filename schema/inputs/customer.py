"""How clients name a customer."""

from __future__ import annotations

import strawberry


@strawberry.input(description="One value by which somebody is recognised; it is normalised like incoming data.")
class IdentifierInput:
    namespace: str = strawberry.field(
        description="`user_id`, `anonymous_id`, `email`, `phone`, `device_id`, `wx_unionid`, "
        "`wx_openid:<app>`, `crm:<source>`, …"
    )
    value: str
