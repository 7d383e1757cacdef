//! Certificates are checked at the time that the host knows, whatever its clock says.

use license_core::time::Now;

use super::*;

/// The moment of a host whose wall clock is in `wall`, and whose last signed time, with the time that
/// passed since, comes to `signed`.
fn moment(wall: UnixTime, signed: Option<UnixTime>) -> Moment {
    let now = Now { age: Age(0), wall };
    let mut moment = Moment::of(&State::unregistered(now), now);
    // The build date has a test of its own; it is the date of this very test run, or what the build set.
    moment.estimated = signed.unwrap_or(wall);
    moment.latest = moment.estimated.max(wall);
    moment
}

/// What a call at that moment comes to.
async fn call(year: i32, moment: Moment) -> Result<u16, (license_types::Code, String)> {
    let authority = Authority::new();
    let tls = authority.tls(&["127.0.0.1"], year);
    let server = Server::new("127.0.0.1:0", Some(tls), &reply(200, "", "{}")).await;
    let url = format!("https://{}", server.address);
    let transport =
        HttpTransport::new(&urls(std::slice::from_ref(&url)), Some(&authority.file()), &Proxy::None).unwrap();
    let answer = transport.exchange(HttpRequest { moment, ..request() }).await;
    answer.map(|answer| answer.status).map_err(|error| {
        let why = error.no_answer(&url);
        assert!(!why.maybe_delivered, "nothing was sent");
        (why.code, why.message.to(Language::English))
    })
}

const BOOT_WITHOUT_BATTERY: UnixTime = UnixTime(60);
const SUMMER_2036: UnixTime = UnixTime(2_098_483_200);

#[tokio::test]
async fn a_host_that_boots_in_1970_uses_the_signed_time() {
    assert_eq!(call(2026, moment(BOOT_WITHOUT_BATTERY, Some(SUMMER_2026))).await, Ok(200));
    let (code, message) = call(2026, moment(BOOT_WITHOUT_BATTERY, None)).await.unwrap_err();
    assert_eq!(code, license_types::Code::TLS_FAILED);
    assert!(message.contains("is valid from Thu, 01 Jan 2026") && message.contains("1970"), "{message}");
}

#[tokio::test]
async fn what_expired_by_the_signed_time_stays_expired_whatever_the_clock_says() {
    for wall in [BOOT_WITHOUT_BATTERY, SUMMER_2026, SUMMER_2036] {
        let (code, message) = call(2025, moment(wall, Some(SUMMER_2026))).await.unwrap_err();
        assert_eq!(code, license_types::Code::TLS_FAILED);
        assert!(message.contains("expired on Thu, 01 Jan 2026"), "{message}");
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_refuses_and_one_that_is_put_right_counts_at_once() {
    let authority = Authority::new();
    let tls = authority.tls(&["127.0.0.1"], 2026);
    let server = Server::new("127.0.0.1:0", Some(tls), &reply(200, "", "{}")).await;
    let url = format!("https://{}", server.address);
    let transport = HttpTransport::new(&urls(&[url]), Some(&authority.file()), &Proxy::None).unwrap();
    let ahead = HttpRequest { moment: moment(SUMMER_2036, Some(SUMMER_2026)), ..request() };
    let error = transport.exchange(ahead).await.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Tls);
    let detail = error.detail.to(Language::English);
    assert!(detail.contains("2036") && detail.contains("set the clock"), "{detail}");
    assert_eq!(transport.exchange(request()).await.unwrap().status, 200);
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_explained() {
    let authority = Authority::new();
    let tls = authority.tls(&["127.0.0.1"], 2026);
    let server = Server::new("127.0.0.1:0", Some(tls), &reply(200, "", "{}")).await;
    let other = Authority::called("another authority");
    let transport = HttpTransport::new(
        &urls(&[format!("https://{}", server.address)]),
        Some(&other.file()),
        &Proxy::None,
    )
    .unwrap();
    let error = transport.exchange(request()).await.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Tls);
    assert!(error.detail.to(Language::English).contains("ca_file"), "{:?}", error.detail);
}

#[test]
fn the_latest_of_wall_clock_signed_time_and_build_date_counts() {
    let at = |wall| {
        let now = Now { age: Age(7), wall };
        Moment::of(&State::unregistered(now), now)
    };
    assert!(BUILD_DATE > UnixTime(1_700_000_000), "{BUILD_DATE}");
    let late = UnixTime(BUILD_DATE.0 + 1);
    assert_eq!(at(UnixTime(0)), Moment { age: Age(7), estimated: UnixTime(0), latest: BUILD_DATE });
    assert_eq!(at(late), Moment { age: Age(7), estimated: late, latest: late });
}

#[test]
fn a_ca_file_without_a_certificate_is_refused_by_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (content, why) in
        [("", "no certificate"), ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "")]
    {
        std::fs::write(file.path(), content).unwrap();
        let servers = urls(&["https://lic.example.com".to_owned()]);
        let error = HttpTransport::new(&servers, Some(file.path()), &Proxy::None).unwrap_err().to_string();
        assert!(error.contains(file.path().to_str().unwrap()) && error.contains(why), "{error}");
    }
}
