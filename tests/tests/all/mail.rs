//! Mail that really arrives.

use std::time::Duration;

use end_to_end::{
    World,
    host::{COMPANY, EMAIL},
    mail_server::{Encryption, MailServer},
    waiting,
};
use license_core::api::FORGOTTEN_PATH;

fn world(encryption: Encryption) -> (World, MailServer) {
    let mut world = World::new();
    let mail_server = MailServer::new(world.folder.path(), encryption);
    world.server.restart_with(mail_server.flags());
    (world, mail_server)
}

/// Waits for so many mails.
fn mails(world: &World, server: &MailServer, count: usize) -> Vec<String> {
    let arrived = waiting::until(|| (server.mails().len() >= count).then(|| server.mails()));
    arrived.unwrap_or_else(|| panic!("no {count} mails; the log:\n{}", world.server.log()))
}

#[test]
fn the_number_is_mailed_at_registration_and_when_it_is_forgotten() {
    for encryption in [Encryption::StartTls, Encryption::Implicit] {
        let (world, mut mail_server) = world(encryption);
        mail_server.start();
        let number = world.host.register();
        let arrived = mails(&world, &mail_server, 1);
        assert!(arrived[0].contains("encrypted: True"), "{encryption:?}: {}", arrived[0]);
        assert!(
            arrived[0].contains(&number) && arrived[0].contains("Регистрационный номер"),
            "{}",
            arrived[0]
        );
        assert!(!arrived[0].contains("Ромашка"), "no text of the request: {}", arrived[0]);

        for email in ["nobody@example.com", EMAIL] {
            let (status, body) = world.server.post(FORGOTTEN_PATH, &format!("{{\"email\":\"{email}\"}}"));
            assert_eq!((status, body.as_str()), (202, "{\"accepted\":true}"), "{email}");
        }
        let arrived = mails(&world, &mail_server, 2);
        assert!(
            arrived[1].contains("envelope-to: office@romashka.example\n") && arrived[1].contains(&number)
        );
        assert!(!world.server.log().contains(&number), "numbers are not logged");
    }
}

#[test]
fn a_registration_on_another_host_mails_the_owner() {
    let (world, mut mail_server) = world(Encryption::StartTls);
    mail_server.start();
    let number = world.host.register();
    let mut other = world.another_host("other");
    let refused = other.register_as(COMPANY, EMAIL).ended_with(6);
    assert_eq!(refused.failure(), "refused 2022");
    let arrived = mails(&world, &mail_server, 2);
    assert!(arrived[1].contains("another host") && arrived[1].contains(&number), "{}", arrived[1]);
    other.kill();
}

#[test]
fn a_mail_server_that_is_down_for_a_minute_gets_the_mail_later_and_once() {
    let (world, mut mail_server) = world(Encryption::StartTls);
    let number = world.host.register();
    let failed = waiting::until(|| world.server.log().contains("has to be sent again").then_some(()));
    assert!(failed.is_some(), "{}", world.server.log());
    waiting::pass(Duration::from_secs(40));
    mail_server.start();
    let arrived = mails(&world, &mail_server, 1);
    assert!(arrived[0].contains(&number));
    // A further round or two of the sender.
    waiting::pass(Duration::from_secs(3));
    assert_eq!(mail_server.mails().len(), 1);
}
