//! What the license server shows is not believed.

use end_to_end::{
    BrokenWorld,
    authority::Authority,
    broken_world::{LICENSE_SERVER, certificate},
};

/// The name of the company's box that looks into TLS.
pub(crate) const BOX: &str = "Romashka Web Gateway";

pub(crate) fn certificate_has_expired() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.shows(certificate::signed_by(&world.authority, LICENSE_SERVER, certificate::UNTIL_YESTERDAY));
    world
}

pub(crate) fn certificate_is_self_signed() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.shows(certificate::self_signed(LICENSE_SERVER));
    world
}

pub(crate) fn certificate_is_for_another_host() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    world.shows(certificate::signed_by(&world.authority, "shop.example.com", certificate::TODAY));
    world
}

pub(crate) fn certificate_is_a_middleboxs() -> BrokenWorld {
    let world = BrokenWorld::healthy();
    let company = Authority::named(BOX, &world.path("company.pem"));
    world.shows(certificate::signed_by(&company, LICENSE_SERVER, certificate::TODAY));
    world
}
