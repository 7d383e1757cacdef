<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * Whether a module runs, and if not, who keeps it from that.
 */
enum Condition: string
{
    /** It runs. */
    case Enabled = 'Enabled';

    /** No person wants it to run: it was disabled by one, or never enabled. It never comes back by itself. */
    case DisabledByUser = 'DisabledByUser';

    /** A person wants it to run, and there is no license. It comes back when the license does. */
    case DisabledByLicense = 'DisabledByLicense';

    public static function of(bool $wanted, ?Refusal $refusal): self
    {
        return match (true) {
            !$wanted => self::DisabledByUser,
            $refusal !== null => self::DisabledByLicense,
            default => self::Enabled,
        };
    }
}
