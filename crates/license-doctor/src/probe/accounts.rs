//! Users and groups, from the files alone: a name service that hangs must not hang the doctor.

use std::fs;

/// The first name in a passwd(5) or group(5) file with that id; the id where there is none.
fn name_in(file: &str, id: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| id.to_string())
}

/// A user by name.
pub(super) fn user(uid: u32) -> String {
    name_in("/etc/passwd", uid)
}

/// A group by name.
pub(super) fn group(gid: u32) -> String {
    name_in("/etc/group", gid)
}

/// Whether group(5) lists the user as a member of the group.
pub(super) fn lists(group: &str, user: &str) -> bool {
    let text = fs::read_to_string("/etc/group").unwrap_or_default();
    text.lines().any(|line| {
        let mut fields = line.split(':');
        fields.next() == Some(group)
            && fields.nth(2).is_some_and(|members| members.split(',').any(|member| member == user))
    })
}
