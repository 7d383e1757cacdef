<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * The licensing codes that this package knows. A newer license server may send others, so what has a code
 * holds its number; `knownCode()` gives one of these.
 */
enum Code: int
{
    /** The name of the license server could not be looked up. */
    case LookupFailed = 1011;

    /** No connection to the license server. */
    case ConnectionFailed = 1012;

    /** No trusted TLS session with the license server. */
    case TlsFailed = 1013;

    /** The license server did not answer in time, or not with its word. */
    case NoAnswer = 1014;

    /** There is no license for the feature, or it is bound to another host. */
    case NoLicense = 2008;

    /** There is an error in the registration number, or there is none. */
    case KeyError = 2009;

    /** The license for the feature has expired. */
    case Expired = 2011;

    /** Registration: this e-mail already has a number, for another company. */
    case EmailTaken = 2022;

    /** The registration number is unknown. */
    case KeyUnknown = 2026;

    /** Coupon: error in the registration number. */
    case CouponNumber = 2037;

    /** The coupon does not exist. */
    case CouponUnknown = 2040;

    /** The coupon was activated already. */
    case CouponUsed = 2041;

    /** Registration: this host was registered before with another e-mail or company. */
    case HostRegistered = 2051;

    /** The coupon is blocked. */
    case CouponBlocked = 2057;

    /** The code of that number, if it is known. */
    public static function of(?int $number): ?self
    {
        return $number === null ? null : self::tryFrom($number);
    }

    /** Whether it says that the license server gave no answer: weather, never a "no". */
    public function isNoAnswer(): bool
    {
        return match ($this) {
            self::LookupFailed, self::ConnectionFailed, self::TlsFailed, self::NoAnswer => true,
            self::NoLicense, self::KeyError, self::Expired, self::EmailTaken, self::KeyUnknown,
            self::CouponNumber, self::CouponUnknown, self::CouponUsed, self::HostRegistered,
            self::CouponBlocked => false,
        };
    }
}
