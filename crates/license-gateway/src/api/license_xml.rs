//! The XML of `getlicenseinfo`.

use jiff::{Timestamp, tz::TimeZone};
use license_client::{
    ipc::LicenseInfo,
    types::{LicensedProduct, ProductFeature, UnixTime},
};
use quick_xml::{
    Writer,
    events::{BytesEnd, BytesStart, Event, attributes::Attribute},
};

/// What a license holds, as MikoPBX shows it.
///
/// The number is not in it: the attributes of the root reach a third party that collects errors. Every product has
/// `expired` and `trial`, even empty: without them MikoPBX's page stops.
pub fn license_xml(license: &LicenseInfo) -> std::io::Result<String> {
    let customer = &license.customer;
    let mut writer = Writer::new(Vec::new());
    let root = element(
        "license",
        [
            ("companyname", customer.company.as_str()),
            ("contact", &customer.contact),
            ("email", &customer.email),
            ("tel", &customer.phone),
        ],
    );
    writer.write_event(Event::Start(root))?;
    for product in &license.products {
        write_product(&mut writer, product)?;
    }
    writer.write_event(Event::End(BytesEnd::new("license")))?;
    Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned())
}

fn write_product(writer: &mut Writer<Vec<u8>>, product: &LicensedProduct) -> std::io::Result<()> {
    let expired = product.expires_at.map(date).unwrap_or_default();
    let trial = if product.trial { "1" } else { "0" };
    let start =
        element("product", [("name", product.name.as_str()), ("expired", &expired), ("trial", trial)]);
    writer.write_event(Event::Start(start))?;
    for ProductFeature { name, seats, .. } in &product.features {
        let (total, captured) = (seats.total.to_string(), seats.captured.to_string());
        let attributes =
            [("name", name.as_str()), ("count", &total), ("counteach", &total), ("captured", &captured)];
        writer.write_event(Event::Empty(element("feature", attributes)))?;
    }
    writer.write_event(Event::End(BytesEnd::new("product")))
}

fn element<'a, const N: usize>(name: &'a str, attributes: [(&str, &str); N]) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        // Other control characters are not allowed in XML, not even escaped.
        let value: String =
            value.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
        element.push_attribute(Attribute::from((name, value.as_str())));
    }
    element
}

/// The date from which MikoPBX calls a product expired: the day after its last valid one. A license ends at noon
/// UTC of that day, when the last valid one is over everywhere.
fn date(ends: UnixTime) -> String {
    let timestamp = Timestamp::from_second(ends.0);
    timestamp.map(|time| TimeZone::UTC.to_datetime(time).date().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use license_client::types::{Customer, FeatureId, ProductId, Seats};

    use super::*;

    #[test]
    fn a_license_is_shown_as_mikopbx_reads_it() {
        let license = LicenseInfo {
            number: "MIKO-AAAAA-BBBBB-CCCCC-DDDDD".to_owned(),
            customer: Customer {
                company: "ООО \"A&B\" <1+1> 100%\u{1}".to_owned(),
                contact: "Иван".to_owned(),
                email: "a@b.example".to_owned(),
                phone: String::new(),
            },
            products: vec![
                LicensedProduct {
                    product: ProductId(11),
                    name: "MikoPBX".to_owned(),
                    trial: false,
                    expires_at: None,
                    features: vec![ProductFeature {
                        feature: FeatureId(33),
                        name: "Base".to_owned(),
                        seats: Seats { total: 2, captured: 1 },
                    }],
                },
                LicensedProduct {
                    product: ProductId(81),
                    name: "amoCRM".to_owned(),
                    trial: true,
                    // 2026-11-25T12:00:00Z: the last valid day is the 24th.
                    expires_at: Some(UnixTime(1_795_608_000)),
                    features: Vec::new(),
                },
            ],
            as_of: UnixTime(0),
        };
        assert_eq!(
            license_xml(&license).unwrap(),
            "<license companyname=\"ООО &quot;A&amp;B&quot; &lt;1+1&gt; 100%\" contact=\"Иван\" email=\"a@b.example\" \
             tel=\"\"><product name=\"MikoPBX\" expired=\"\" trial=\"0\"><feature name=\"Base\" count=\"2\" \
             counteach=\"2\" captured=\"1\"/></product><product name=\"amoCRM\" expired=\"2026-11-25\" trial=\"1\">\
             </product></license>"
        );
    }
}
