//! What the license holds.

use license_client::{
    ipc::LicenseInfo,
    types::{LicensedProduct, UnixTime},
};
use license_texts::text;

use super::Sheet;
use crate::screen::{Style, Words};

impl Sheet<'_> {
    pub(super) fn license_info(&mut self, info: &LicenseInfo) {
        let customer = &info.customer;
        let number = Words::new(Style::Strong, &info.number);
        let as_of = self.reader.say(&text!("tool-as-of", at = self.moment(info.as_of)));
        self.page.line(number.then(Words::new(Style::Dim, as_of)));
        let phone = Some(&customer.phone).filter(|phone| !phone.is_empty());
        let fields = [
            self.field(&text!("tool-label-company"), Some(&customer.company)),
            self.field(&text!("tool-label-contact"), Some(&customer.contact)),
            self.field(&text!("tool-label-email"), Some(&customer.email)),
            self.field(&text!("tool-label-phone"), phone),
        ];
        self.page.fields(2, fields.into_iter().flatten());
        for product in &info.products {
            self.page.gap();
            self.product(product);
            let feature = |it: &license_client::types::ProductFeature| {
                vec![it.feature.into(), (&it.name).into(), self.seats(it.seats).into()]
            };
            let rows: Vec<_> = product.features.iter().map(feature).collect();
            self.page.table(2, &rows);
        }
    }

    /// The line above the features of a product.
    pub(super) fn product(&mut self, product: &LicensedProduct) {
        let name = text!("tool-product", product = product.product, name = &product.name);
        let mut line = Words::new(Style::Strong, self.reader.say(&name));
        if product.trial {
            let trial = self.reader.say(&text!("tool-trial"));
            line = line.and(Style::Plain, ", ").and(Style::Warning, trial);
        }
        let (style, end) = match product.expires_at {
            None => (Style::Plain, text!("tool-for-ever")),
            Some(at) if is_over(at, self.reader.now) => {
                (Style::Bad, text!("tool-expired", at = self.moment(at)))
            }
            Some(at) => (Style::Plain, text!("tool-expires", at = self.moment(at))),
        };
        self.page.line(line.and(Style::Plain, ", ").and(style, self.reader.say(&end)));
    }
}

fn is_over(at: UnixTime, now: UnixTime) -> bool {
    at <= now
}
