//! Customers.

use license_types::{Registration, RegistrationNumber, UnixTime};

use super::{
    super::{
        CustomerId, CustomerRow, Draft, Drawn, FormerNumber, Refusal, Write,
        customer::{self, Changes, require_free},
        registration::checked,
        vendor::Unable,
    },
    Misfit, Outcome, Reason, at,
};

/// A customer as the other system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its number, or one that it had before.
    pub number: RegistrationNumber,
    /// What the record says of it.
    pub changes: Changes,
    /// When it registered there; counts for a new customer.
    pub created_at: Option<UnixTime>,
}

/// Takes a customer over. It gets no mail: it has its number. The owner of its e-mail is among the rows, if it
/// has one.
pub fn customer(draft: &mut Draft, record: &Customer, drawn: &Drawn) -> Result<Outcome, Misfit> {
    let Customer { number, changes, created_at } = record;
    let rows = &draft.rows;
    if let Some(row) = rows.heir_of_number(number) {
        let is_former = |former: &FormerNumber| former.number == *number && former.customer == row.id;
        if row.number != *number && !rows.former.iter().any(is_former) {
            return Err(at("number", Reason::Merged { into: row.number.masked() }));
        }
        in_order(&changes.of(&row.registration))?;
        let number = row.number.clone();
        let edited = customer::edit(draft, &number, changes);
        return edited.map(Outcome::of).map_err(|unable| at("email", unable));
    }
    let entered = Registration {
        company: changes.company.clone().unwrap_or_default(),
        email: changes.email.clone().unwrap_or_default(),
        contact: changes.contact.clone().unwrap_or_default(),
        phone: changes.phone.clone(),
        tax_id: changes.tax_id.clone(),
    };
    let registration = in_order(&entered)?;
    let id = CustomerId(drawn.id(&format!("customer {}", number.as_str())));
    let row = CustomerRow::new(id, number.clone(), registration, created_at.unwrap_or(draft.now));
    require_free(&draft.rows, &row.email_key, None).map_err(|unable| at("email", unable))?;
    draft.write(Write::AddCustomer(row));
    Ok(Outcome::Added)
}

/// The registration, trimmed, or the column that is not in order.
fn in_order(entered: &Registration) -> Result<Registration, Misfit> {
    checked(entered).map_err(|refusal| {
        let column = if let Refusal::FieldMissing { field }
        | Refusal::FieldTooLong { field, .. }
        | Refusal::FieldControl { field } = &refusal
        {
            field
        } else {
            // All others are about the address.
            "email"
        };
        at(column, Unable::Field(refusal.problem().detail))
    })
}
