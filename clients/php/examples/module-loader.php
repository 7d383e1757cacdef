<?php

/**
 * Walks a folder of modules, as MikoPBX has it in custom_modules, and says which may be enabled.
 *
 *     php module-loader.php [--json] SOCKET MODULES_DIR
 *
 * Prints a line for each module that has a module.json, or with --json one array for scripts.
 * Exit codes: 0 every module has an answer, 2 usage, 3 licensed gave none for at least one module.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\ModuleManifest;

require_once __DIR__ . '/../autoload.php';

$arguments = array_slice($argv, 1);
$asJson = in_array('--json', $arguments, true);
$operands = array_values(array_diff($arguments, ['--json']));
if (count($operands) !== 2 || !is_dir($operands[1]) || !is_readable($operands[1])) {
    fwrite(STDERR, "usage: php module-loader.php [--json] SOCKET MODULES_DIR\n");
    fwrite(STDERR, "MODULES_DIR is a folder of modules that can be read: MODULES_DIR/*/module.json\n");
    exit(2);
}
[$socket, $modulesDir] = $operands;
try {
    $client = new Client($socket);
} catch (InvalidArgumentException $error) {
    fwrite(STDERR, "SOCKET: {$error->getMessage()}\n");
    exit(2);
}

$rows = [];
$exitCode = 0;
foreach (scandir($modulesDir) as $folder) {
    $path = "$modulesDir/$folder/module.json";
    if (in_array($folder, ['.', '..'], true) || !file_exists($path)) {
        continue;
    }
    $manifest = ModuleManifest::read($path);
    $verdict = $client->checkModule($path);
    $rows[] = [
        'module' => $manifest instanceof Failure ? $folder : $manifest->uniqueId ?? $folder,
        'feature' => $verdict->feature,
        'product' => $verdict->product,
        'enable' => $verdict->mayRun(),
        'verdict' => $verdict->kind->value,
        'basis' => $verdict->basis?->value,
        'code' => $verdict->code,
        'message' => $verdict->message,
    ];
    if ($verdict->failure?->kind->isWithoutAnswer() === true) {
        $exitCode = 3;
    }
}
usort($rows, static fn (array $a, array $b): int => strcmp($a['module'], $b['module']));

if ($asJson) {
    $flags = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;
    echo json_encode($rows, $flags), "\n";
    exit($exitCode);
}

$width = max([0, ...array_map(strlen(...), array_column($rows, 'module'))]);
foreach ($rows as $row) {
    $line = sprintf(
        "%-{$width}s  %-3s  %-13s  %-12s  %-12s  %s",
        $row['module'],
        $row['enable'] ? 'yes' : 'no',
        $row['verdict'],
        'feature ' . ($row['feature'] ?? '-'),
        'product ' . ($row['product'] ?? '-'),
        $row['message'],
    );
    // One line each, and nothing that a terminal would act on, whatever a module calls itself.
    echo preg_replace('/[\x00-\x1F\x7F]+/', ' ', $line), "\n";
}
exit($exitCode);
