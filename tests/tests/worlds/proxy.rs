//! Something between host and license server.

use end_to_end::{
    BrokenWorld,
    broken_world::{LICENSE_SERVER, PROXY, certificate, door},
};

/// A network from which only the proxy leads out.
pub(crate) fn office() -> BrokenWorld {
    let mut world = BrokenWorld::healthy();
    world.firewall(443, "reject");
    world.kill();
    let mut world = world.configuration(&format!("proxy = \"http://{PROXY}:3128\"\n"));
    world.start();
    world
}

pub(crate) fn proxy_wants_credentials() -> BrokenWorld {
    let world = office();
    let realm = "proxy-authenticate: Basic realm=\"office\"";
    world.proxy.now(door::refuses("407 Proxy Authentication Required", realm));
    world
}

pub(crate) fn proxy_refuses() -> BrokenWorld {
    let world = office();
    world.proxy.now(door::refuses("403 Forbidden", "content-type: text/html"));
    world
}

pub(crate) fn proxy_is_gone() -> BrokenWorld {
    let world = office();
    world.firewall(3128, "reject with tcp reset");
    world
}

pub(crate) fn portal_wants_a_browser() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    let portal = "portal.hotel.example";
    world.http.now(door::redirects(&format!("http://{portal}/login")));
    world.https.now(door::answers(certificate::self_signed(portal), "200 OK", "<html>Room number?</html>"));
    world
}

pub(crate) fn something_else_answers() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    let tls = certificate::signed_by(&world.authority, LICENSE_SERVER, certificate::TODAY);
    world.https.now(door::answers(tls, "200 OK", "<html>Welcome to nginx!</html>"));
    world
}

pub(crate) fn server_is_being_repaired() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    let tls = certificate::signed_by(&world.authority, LICENSE_SERVER, certificate::TODAY);
    world.https.now(door::answers(tls, "503 Service Unavailable", "<html>Back soon</html>"));
    world
}
