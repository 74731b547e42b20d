//! The description of the API, made from the handlers themselves.

use utoipa::OpenApi;

/// What stands above the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ledgerline",
        description = "OpenLineage events in, recorded once; lineage, alerts and the ledger out. Every answer from \
                       400 on is an RFC 9457 problem. Every read says how fresh it is (Ledgerline-Size, \
                       Ledgerline-Position) and waits for more with ?at_least=.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "intake", description = "Events in, and what was refused"),
        (name = "lineage", description = "What is known"),
        (name = "ledger", description = "The record"),
        (name = "alerts", description = "What is wrong with the data"),
        (name = "operation", description = "How the server does")
    ),
    modifiers(&Bearer)
)]
pub(super) struct Described;

/// Adds the bearer scheme, required wherever the table of access asks for a token.
struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
        openapi.security = Some(vec![utoipa::openapi::security::SecurityRequirement::new("token", [] as [&str; 0])]);
    }
}

/// The description as data. The same document is served at `/openapi.json`.
pub fn document() -> utoipa::openapi::OpenApi {
    super::router::described().1
}
