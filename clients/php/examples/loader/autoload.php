<?php

/**
 * Loads the classes of the module loader, and those of the client.
 */

declare(strict_types=1);

require_once __DIR__ . '/../../autoload.php';

spl_autoload_register(static function (string $class): void {
    $namespace = 'ModuleLoader\\';
    if (!str_starts_with($class, $namespace)) {
        return;
    }
    $file = __DIR__ . '/' . substr($class, strlen($namespace)) . '.php';
    if (is_file($file)) {
        require $file;
    }
});
