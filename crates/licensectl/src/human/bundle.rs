//! What is in a support archive.

use license_texts::text;

use super::Sheet;
use crate::{
    bundle::Bundle,
    screen::{Style, Words},
};

impl Sheet<'_> {
    /// Where it is, what is in it, and what is not.
    pub(super) fn bundle(&mut self, bundle: &Bundle) {
        let manifest = &bundle.manifest;
        self.say(&text!("bundle-made", path = bundle.archive.display().to_string()));
        let entries = manifest.entries.iter().map(|it| {
            let bytes = it.bytes.to_string();
            let size = if it.cut {
                text!("bundle-bytes-of-more", bytes = bytes)
            } else {
                text!("bundle-bytes", bytes = bytes)
            };
            (it.name.to_owned(), Words::from(self.reader.say(&size)))
        });
        self.page.fields(2, entries);
        self.say(&text!("bundle-left-out"));
        let left_out = manifest.left_out.iter();
        self.page.fields(2, left_out.map(|it| (it.name.to_owned(), self.reader.say(&it.why).into())));
        let hidden: usize = manifest.hidden.values().sum();
        self.say(&text!("bundle-hidden", count = hidden));
        self.page.line(Words::new(Style::Strong, self.reader.say(&text!("bundle-look"))));
    }
}
