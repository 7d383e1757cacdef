<?php

/**
 * Loads the classes of this package where there is no Composer: require_once this file.
 */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $namespace = 'MikoPBX\\Licensed\\';
    if (!str_starts_with($class, $namespace)) {
        return;
    }
    $file = __DIR__ . '/src/' . strtr(substr($class, strlen($namespace)), '\\', '/') . '.php';
    if (is_file($file)) {
        require $file;
    }
});
