//! Commands of the vendor on a large database: the import of all customers, and what walks over them.

use std::{
    error::Error,
    ffi::OsString,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
};

use crate::{customers, program::Served, report::Stopwatch};

/// One customer in so many has a second product and a seat that a host holds.
const FEW: usize = 10;

/// Runs each command once and prints how long it takes.
pub(crate) fn run(program: &Path, folder: &Path, customers: usize) -> Result<(), Box<dyn Error>> {
    let data = folder.join("data");
    let files = ["customers", "grants", "bindings"].map(|kind| folder.join(kind).with_extension("csv"));
    write(&files[0], "number,company,email,contact", customers, 1, |index, number| {
        format!("{number},Company {index},office@company{index}.example,A person")
    })?;
    write(&files[1], "number,id,product,seats", customers, FEW, |index, number| {
        format!("{number},order-{index},81,1")
    })?;
    write(&files[2], "number,feature,product_uuid,machine_id", customers, FEW, |index, number| {
        format!("{number},45,uuid-{index},machine-{index}")
    })?;
    println!("{customers} customers, {} grants and as many seats", customers.div_ceil(FEW));
    let mut import = vec!["import".into()];
    for (flag, file) in ["--customers", "--grants", "--bindings"].into_iter().zip(&files) {
        import.extend([flag.into(), file.as_os_str().to_owned()]);
    }
    let last = customers.saturating_sub(1);
    let find = ["customer".into(), "find".into(), format!("company{last}.example").into()];
    let show = ["customer".into(), "show".into(), "--number".into(), customers::number(last).into()];
    let (verify, backup) =
        (["log".into(), "verify".into()], ["backup".into(), folder.join("copy.db").into()]);
    // An `admin` command makes no folder.
    drop(Served::start(program, &data, &[])?);
    let commands: [(&str, &[OsString]); 6] = [
        ("import", &import),
        ("import again", &import),
        ("customer find", &find),
        ("customer show", &show),
        ("log verify", &verify),
        ("backup", &backup),
    ];
    for (name, words) in commands {
        let mut command = Command::new(program);
        command.arg("admin").arg("--data-dir").arg(&data).args(words).stdout(Stdio::null());
        let watch = Stopwatch::start();
        let status = command.status()?;
        if !status.success() {
            return Err(format!("{name}: {status}").into());
        }
        println!("{name:<14} {:>8.2} s", watch.elapsed().as_secs_f64());
    }
    Ok(())
}

/// A file with a line for each `step`th customer.
fn write(
    path: &Path,
    head: &str,
    customers: usize,
    step: usize,
    line: impl Fn(usize, String) -> String,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{head}")?;
    for index in (0..customers).step_by(step) {
        writeln!(file, "{}", line(index, customers::number(index)))?;
    }
    file.flush()
}
