//! From an HTTP request to what is asked.

use hyper::{
    HeaderMap, Method as Verb, Request, StatusCode, Version,
    body::{Body, Bytes},
    header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN},
    http::request::Parts,
};
use license_texts::text;
use tracing::warn;

use super::form;
use crate::{
    api::{Method, Parameters, ParametersError, Refusal},
    caller::{Allowed, Caller},
    perform::Asked,
};

/// Where the methods are.
const PREFIX: &str = "/license.api/";

/// What a form is announced as.
const FORM: &str = "application/x-www-form-urlencoded";

/// Reads a request that comes by a connection of a configured user, if `known`. `caller` looks up who made the
/// request, and is only called where that matters.
pub(super) async fn read<B>(
    request: Request<B>,
    allowed: &Allowed,
    known: bool,
    caller: impl FnOnce() -> Caller,
) -> Result<Asked, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    // The body first, also of what is refused: the client reads no answer while it still sends.
    let body = form::read(body).await?;
    let method = method(&head)?;
    must_come_from_here(&head)?;
    must_not_come_from_a_page(&head.headers)?;
    must_be_a_fitting_verb(&head, method)?;
    let mut parameters = Parameters::default();
    let query = head.uri.query().unwrap_or_default();
    if !query.is_empty() && !method.comes_in_the_query() {
        return Err(Refusal::plain(StatusCode::BAD_REQUEST, text!("gateway-parameters-in-body")));
    }
    if !body.is_empty() {
        must_be_a_form(&head.headers)?;
    }
    for form in [query.as_bytes(), &body] {
        parameters.add(form).map_err(ParametersError::refusal)?;
    }
    // What a license says of its owner is for those who may change it.
    let trusted = if method.is_restricted() || method == Method::GetLicenseInfo {
        let caller = caller();
        let is_trusted = allowed.has(&caller);
        if method.is_restricted() && !is_trusted {
            warn!(method = method.name(), %caller, "refused: this user may not change the license");
            let text = text!("gateway-not-permitted", caller = caller.text(), method = method.name());
            return Err(Refusal::plain(StatusCode::FORBIDDEN, text));
        }
        is_trusted
    } else {
        known
    };
    Ok(Asked { method, parameters, trusted })
}

fn method(head: &Parts) -> Result<Method, Refusal> {
    let name = head.uri.path().strip_prefix(PREFIX);
    name.and_then(Method::named).ok_or_else(|| {
        let known = Method::ALL.map(Method::name).join(", ");
        Refusal::plain(StatusCode::NOT_FOUND, text!("gateway-no-method", prefix = PREFIX, known = known))
    })
}

/// A name that resolves to loopback is how a page or a confused server reaches what listens there alone.
fn must_come_from_here(head: &Parts) -> Result<(), Refusal> {
    let mut named = head.headers.get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    let is_local = |host: &str| {
        let (name, port) = split_port(host);
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        is_port
            && (name.eq_ignore_ascii_case("localhost")
                || address.is_ok_and(|ip| ip.to_canonical().is_loopback()))
    };
    // HTTP/1.0 has no Host.
    if second.is_some() || (first.is_none() && head.version != Version::HTTP_10) {
        return Err(Refusal::plain(StatusCode::BAD_REQUEST, text!("gateway-no-host")));
    }
    let by_header = first.is_none_or(|host| host.to_str().is_ok_and(is_local));
    let by_uri = head.uri.authority().is_none_or(|authority| is_local(authority.as_str()));
    if by_header && by_uri {
        return Ok(());
    }
    warn!("refused: a request for another host");
    Err(Refusal::plain(StatusCode::FORBIDDEN, text!("gateway-localhost-alone")))
}

/// Splits `host:port`; an IPv6 address is in brackets.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        Some(_) | None => (host, None),
    }
}

/// PHP sends no `Origin`; a browser does, whatever page made the request.
fn must_not_come_from_a_page(headers: &HeaderMap) -> Result<(), Refusal> {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if headers.contains_key(ORIGIN) || headers.contains_key(FETCH_SITE) {
        warn!("refused: a request of a browser");
        return Err(Refusal::plain(StatusCode::FORBIDDEN, text!("gateway-no-browsers")));
    }
    Ok(())
}

fn must_be_a_fitting_verb(head: &Parts, method: Method) -> Result<(), Refusal> {
    let fits = head.method == Verb::POST || (head.method == Verb::GET && method.comes_in_the_query());
    if fits {
        return Ok(());
    }
    let text = if method.comes_in_the_query() {
        text!("gateway-get-or-post", method = method.name())
    } else {
        text!("gateway-post", method = method.name())
    };
    Err(Refusal::plain(StatusCode::METHOD_NOT_ALLOWED, text))
}

fn must_be_a_form(headers: &HeaderMap) -> Result<(), Refusal> {
    let announced = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = announced.and_then(|value| value.split(';').next()).map(str::trim);
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case(FORM)) {
        return Ok(());
    }
    Err(Refusal::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, text!("gateway-no-form", form = FORM)))
}
