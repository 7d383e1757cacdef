use std::time::Duration;

use license_client::ipc::{DecodeError, EncodeError};
use license_texts::Language;

use super::*;
use crate::machine::Services;

fn told(error: ClientError, services: Services, group: Option<&str>) -> String {
    let machine = Machine { services, user: "anna".to_owned(), socket_group: group.map(str::to_owned) };
    Fault::from(error).text(&machine).to(Language::English)
}

fn connect(kind: IoKind) -> ClientError {
    ClientError::Connect { path: "/run/licensed/licensed.sock".into(), source: kind.into() }
}

fn failed(kind: ErrorKind) -> ClientError {
    ClientError::Failed(Failure { kind, code: Some(Code::COUPON_USED), message: "used".to_owned() })
}

#[test]
fn each_fault_of_the_client_has_its_exit_code_and_kind() {
    let malformed = || DecodeError::TooShort { len: 0 };
    let cases = [
        (connect(IoKind::NotFound), 3, "not_reachable"),
        (connect(IoKind::ConnectionRefused), 3, "not_reachable"),
        (connect(IoKind::Other), 3, "not_reachable"),
        (connect(IoKind::PermissionDenied), 5, "not_permitted"),
        (ClientError::UntrustedPeer { path: "/s".into(), uid: 7 }, 3, "untrusted_peer"),
        (ClientError::Deadline { within: Duration::from_secs(1) }, 7, "deadline"),
        (ClientError::Closed, 7, "fault"),
        (ClientError::HalfFrame { got: 1, missing: 3 }, 7, "fault"),
        (ClientError::Oversized { len: 9, max: 8 }, 7, "fault"),
        (ClientError::Version(DecodeError::Version { found: 9 }), 7, "unsupported"),
        (ClientError::Malformed(malformed()), 7, "fault"),
        (ClientError::Unexpected { answer: "done" }, 7, "fault"),
        (ClientError::Unsendable(EncodeError::TooLarge { len: 9, max: 8 }), 2, "too_large"),
        (ClientError::Io(IoKind::Other.into()), 7, "fault"),
        (failed(ErrorKind::Malformed), 7, "malformed"),
        (failed(ErrorKind::TooLarge), 2, "too_large"),
        (failed(ErrorKind::Unsupported), 7, "unsupported"),
        (failed(ErrorKind::NotPermitted), 5, "not_permitted"),
        (failed(ErrorKind::Busy), 3, "busy"),
        (failed(ErrorKind::Draining), 3, "draining"),
        (failed(ErrorKind::Refused), 6, "refused"),
        (failed(ErrorKind::NoAnswer), 4, "no_answer"),
        (failed(ErrorKind::Overtaken), 6, "overtaken"),
    ];
    for (error, exit, kind) in cases {
        let fault = Fault::from(error);
        assert_eq!((fault.exit() as u8, fault.kind()), (exit, kind), "{fault:?}");
    }
}

#[test]
fn what_is_wrong_before_anybody_is_asked_is_a_matter_of_usage() {
    let cases = [
        (Fault::Usage(Text::verbatim("no")), "usage"),
        (Fault::Malformed(Text::verbatim("no")), "malformed"),
        (Fault::Input(IoKind::InvalidData.into()), "input"),
    ];
    for (fault, kind) in cases {
        assert_eq!((fault.exit() as u8, fault.kind()), (2, kind), "{fault:?}");
    }
}

#[test]
fn a_reload_that_is_refused_is_a_matter_of_the_configuration() {
    let refused = Fault::of_reload(failed(ErrorKind::Refused));
    assert_eq!((refused.exit() as u8, refused.kind()), (2, "refused"));
    assert_eq!(Fault::of_reload(failed(ErrorKind::NotPermitted)).exit() as u8, 5);
    assert_eq!(Fault::of_reload(connect(IoKind::NotFound)).exit() as u8, 3);
}

#[test]
fn a_recheck_that_ends_in_a_refusal_is_a_denial_unless_nobody_was_asked() {
    let refused = |code| {
        let failure = Failure { kind: ErrorKind::Refused, code: Some(code), message: String::new() };
        Fault::of_recheck(ClientError::Failed(failure)).exit() as u8
    };
    assert_eq!(refused(Code::NO_LICENSE), 1);
    assert_eq!(refused(Code::KEY_ERROR), 6, "this host has no number");
    assert_eq!(Fault::of_recheck(failed(ErrorKind::NoAnswer)).exit() as u8, 4);
}

#[test]
fn a_refusal_is_shown_with_its_code() {
    assert_eq!(told(failed(ErrorKind::Refused), Services::Other, None), "(2041) used");
}

#[test]
fn nobody_is_told_of_a_command_that_is_not_there() {
    let missing = |services| told(connect(IoKind::NotFound), services, None);
    assert!(missing(Services::Systemd).contains("`systemctl start licensed`"));
    assert!(missing(Services::Script).contains("`/etc/init.d/licensed start`"));
    assert!(!missing(Services::Other).contains('`'), "{}", missing(Services::Other));
    for services in [Services::Script, Services::Other] {
        let closed = told(ClientError::Closed, services, None);
        assert!(!closed.contains("ctl"), "{closed}");
    }

    let refused = |group| told(connect(IoKind::PermissionDenied), Services::Systemd, group);
    assert!(refused(Some("licensed")).contains("run `usermod -aG licensed anna` as root"));
    assert!(!refused(None).contains("usermod") && refused(None).contains("as root"), "{}", refused(None));
}
