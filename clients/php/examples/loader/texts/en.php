<?php

/**
 * What the module loader says, in English: by event, by condition, by licensing code.
 */

declare(strict_types=1);

return [
    'Installed' => 'Module {module} is installed. {trial}',
    'Updated' => 'Module {module} is updated. {trial}',
    'Rejected' => 'The module in {module} is not installed, there is a mistake in its package: {reason}',
    'NoNumber' => 'Module {module} is not installed: it needs a license. {reason}',
    'NotLicensed' => 'Module {module} is not installed: there is no license for it. {reason}',
    'NotChecked' => 'Module {module} is not installed: its license cannot be checked. {reason}',
    'NotEnabled' => 'Module {module} is not enabled: its license cannot be checked. Enable it again later. {reason}',
    'Enabled' => 'Module {module} is enabled.',
    'GoesOn' => 'Module {module} runs, although its license cannot be checked. {reason}',
    'LostLicense' => 'Module {module} was disabled: its license does not hold any more. {reason}',
    'DisabledByLicense' => 'Module {module} is disabled until it has a license, then it comes back by itself. {reason}',
    'CameBack' => 'Module {module} is enabled again: its license is back.',
    'DisabledByUser' => 'Module {module} is disabled.',
    'Uninstalled' => 'Module {module} is uninstalled.',
    'NoSuchModule' => 'No module {module} is installed.',
    'BaseLicensed' => 'MikoPBX is licensed.',
    'BaseUnlicensed' => 'MikoPBX itself has no license; calls go on all the same. {reason}',
    'BaseUnclear' => 'The license of MikoPBX itself cannot be checked; calls go on all the same. {reason}',

    'condition.Enabled' => 'enabled',
    'condition.DisabledByUser' => 'disabled',
    'condition.DisabledByLicense' => 'disabled by license',
    'since' => 'since {time}',

    'trial.granted' => 'The trial of product {product} is granted, or the registration number held the product before.',
    'trial.refused' => 'The trial of product {product} is not granted: {reason}',
    'trial.unasked' => 'The trial of product {product} could not be asked for. {reason}',

    'trial.2008' => 'nobody sells this product. Check its number in module.json.',
    'trial.2011' => 'it was used already. Extend it with a coupon or a purchase.',

    'subject.feature' => 'Feature {feature}: ',
    'subject.product' => 'Product {product}: ',
    'subject.both' => 'Feature {feature}, product {product}: ',

    'code.1011' => 'the name of the license server cannot be looked up. Check the DNS settings of this PBX.',
    'code.1012' => 'no connection to the license server. Check the network, the firewall and the proxy.',
    'code.1013' => 'no trusted TLS session with the license server. Check the time and the certificates of this PBX, '
        . 'and whether a proxy opens TLS.',
    'code.1014' => 'the license server did not give a usable answer. It is asked again by itself.',
    'code.2008' => 'there is no license, or it is bound to another host. Look in the cabinet: if there is a live '
        . 'license, drop its binding in the Sessions monitor; if not, ask for one.',
    'code.2009' => 'this PBX has no registration number. Register, or activate your number.',
    'code.2011' => 'the license has expired. Extend it with a coupon or a purchase.',
    'code.2026' => 'the license server does not know the registration number. Check it for typing errors.',
];
