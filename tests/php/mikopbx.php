<?php

/**
 * Plays today's MikoPBX: calls the gateway as it does, and reads the answers as it does.
 *
 *     php mikopbx.php GATEWAY FOLDER < steps.json
 *
 * GATEWAY is `http://127.0.0.1:PORT` or `unix:PATH`; FOLDER keeps the settings of the PBX. Standard input is a list
 * of steps, `{"step": "enterNumber", "number": "MIKO-…"}`: the name of a method of Pbx, and its arguments by name.
 * `times` takes a step that often. Prints a line of JSON for each: what the person sees, the calls, and the settings
 * afterwards.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Played\LicenseApi;
use MikoPBX\Licensed\Played\Pbx;

require_once __DIR__ . '/Answer.php';
require_once __DIR__ . '/LicenseApi.php';
require_once __DIR__ . '/Pbx.php';

[, $gateway, $folder] = $argv;
$pbx = new Pbx(new LicenseApi($gateway), $folder);
foreach (json_decode(stream_get_contents(STDIN), true, flags: JSON_THROW_ON_ERROR) as $arguments) {
    $step = $arguments['step'];
    $times = $arguments['times'] ?? 1;
    unset($arguments['step'], $arguments['times']);
    for ($time = 0; $time < $times; $time++) {
        $shown = $pbx->$step(...$arguments);
        // Before anybody else acts on it: the PBX may lose power at any time.
        $pbx->store();
        $line = [
            'step' => $step,
            'shown' => is_object($shown) ? $shown->understood() : $shown,
            'calls' => $pbx->calls(),
            'settings' => $pbx->settings(),
        ];
        echo json_encode($line, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR), "\n";
    }
}
