<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\ModuleManifest;
use MikoPBX\Licensed\Quiet;
use MikoPBX\Licensed\Verdict;

/**
 * What the license says of the modules in a folder, installed or not. It changes nothing.
 */
final class Survey
{
    /**
     * @return list<array{string, Verdict}> each with the name of the module, or of its folder where it tells none
     */
    public static function of(Client $client, string $folder): array
    {
        $verdicts = [];
        foreach (Quiet::call(static fn () => scandir($folder)) ?: [] as $name) {
            $path = "$folder/$name/module.json";
            if (in_array($name, ['.', '..'], true) || !file_exists($path)) {
                continue;
            }
            $manifest = ModuleManifest::read($path);
            $id = $manifest instanceof Failure ? $name : $manifest->uniqueId ?? $name;
            $verdicts[] = [$id, $client->checkModule($path)];
        }
        usort($verdicts, static fn (array $a, array $b): int => strcmp($a[0], $b[0]));
        return $verdicts;
    }
}
