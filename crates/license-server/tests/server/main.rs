//! The server as hosts and the vendor meet it. One program, so that it is linked once.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod data_sheet;
#[cfg(test)]
mod host;
#[cfg(test)]
mod http;
#[cfg(test)]
mod import;
#[cfg(test)]
mod load;
#[cfg(test)]
mod log;
#[cfg(test)]
mod long_poll;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod running;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod vendor;
