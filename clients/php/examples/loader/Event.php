<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * What became of a module, or of a command about it.
 */
enum Event: string
{
    /** It is installed, and disabled until somebody enables it. */
    case Installed = 'Installed';

    /** It was installed before, from the same folder: its module.json was read anew. */
    case Updated = 'Updated';

    /** It is not installed: there is a mistake in the package. */
    case Rejected = 'Rejected';

    /** It is not installed: it needs a license, and this PBX has no registration number. */
    case NoNumber = 'NoNumber';

    /** It is not installed from the marketplace: there is no seat and no trial to be had. */
    case NotLicensed = 'NotLicensed';

    /** It is not installed from the marketplace: nobody said whether there is a seat. */
    case NotChecked = 'NotChecked';

    /** It is not enabled, as it was: it does not run, and nobody said whether it may. */
    case NotEnabled = 'NotEnabled';

    /** A person enabled it, or it runs on with its license. */
    case Enabled = 'Enabled';

    /** It runs, and nobody knows whether it is licensed. */
    case GoesOn = 'GoesOn';

    /** It ran, and its license is gone. */
    case LostLicense = 'LostLicense';

    /** It is to run, and has no license. */
    case DisabledByLicense = 'DisabledByLicense';

    /** Its license is back, and so is the module, without anybody's doing. */
    case CameBack = 'CameBack';

    /** A person disabled it. */
    case DisabledByUser = 'DisabledByUser';

    /** It is not installed any more. */
    case Uninstalled = 'Uninstalled';

    /** No module of this name is installed. */
    case NoSuchModule = 'NoSuchModule';

    /** MikoPBX itself is licensed. */
    case BaseLicensed = 'BaseLicensed';

    /** MikoPBX itself is not licensed. Calls go on. */
    case BaseUnlicensed = 'BaseUnlicensed';

    /** Nobody knows whether MikoPBX itself is licensed. Calls go on. */
    case BaseUnclear = 'BaseUnclear';

    /** Whether what was wanted was not done, or a module or MikoPBX itself is without its license. */
    public function isTrouble(): bool
    {
        return match ($this) {
            self::Rejected, self::NoNumber, self::NotLicensed, self::NotChecked, self::NotEnabled, self::LostLicense,
            self::DisabledByLicense, self::NoSuchModule, self::BaseUnlicensed => true,
            self::Installed, self::Updated, self::Enabled, self::GoesOn, self::CameBack, self::DisabledByUser,
            self::Uninstalled, self::BaseLicensed, self::BaseUnclear => false,
        };
    }
}
