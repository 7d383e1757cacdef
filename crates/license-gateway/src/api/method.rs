//! The methods.

/// A method of `license.api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// What a license holds, as XML.
    GetLicenseInfo,
    /// Registers a company.
    GetTrial,
    /// Adds a trial of a product.
    AddTrial,
    /// Activates a coupon.
    ActivateCoupon,
    /// Takes another registration number, or forgets the one in use.
    ChangeKey,
    /// Takes a seat.
    CaptureFeature,
    /// May a feature run?
    FeatureAvailable,
    /// Gives a seat back.
    ReleaseFeature,
    /// Tells how this host is used.
    SendMetrics,
    /// Does the license server answer? Not one of MikoPBX's.
    Ping,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::GetLicenseInfo,
        Self::GetTrial,
        Self::AddTrial,
        Self::ActivateCoupon,
        Self::ChangeKey,
        Self::CaptureFeature,
        Self::FeatureAvailable,
        Self::ReleaseFeature,
        Self::SendMetrics,
        Self::Ping,
    ];

    /// The name in the URL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetLicenseInfo => "getlicenseinfo",
            Self::GetTrial => "gettrial",
            Self::AddTrial => "addtrial",
            Self::ActivateCoupon => "activatecoupon",
            Self::ChangeKey => "changekey",
            Self::CaptureFeature => "capturefeature",
            Self::FeatureAvailable => "featureavailable",
            Self::ReleaseFeature => "releasefeature",
            Self::SendMetrics => "sendmetrics",
            Self::Ping => "ping",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether it also comes as GET, and with its parameters in the query.
    #[must_use]
    pub const fn comes_in_the_query(self) -> bool {
        match self {
            Self::CaptureFeature | Self::FeatureAvailable | Self::ReleaseFeature | Self::Ping => true,
            Self::GetLicenseInfo
            | Self::GetTrial
            | Self::AddTrial
            | Self::ActivateCoupon
            | Self::ChangeKey
            | Self::SendMetrics => false,
        }
    }

    /// Whether it changes the license of this host, and is for the configured users alone.
    #[must_use]
    pub const fn is_restricted(self) -> bool {
        match self {
            Self::GetTrial | Self::AddTrial | Self::ActivateCoupon | Self::ChangeKey | Self::SendMetrics => {
                true
            }
            Self::GetLicenseInfo
            | Self::CaptureFeature
            | Self::FeatureAvailable
            | Self::ReleaseFeature
            | Self::Ping => false,
        }
    }
}
