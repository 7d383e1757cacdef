<?php

/**
 * Does with modules what a PBX does with them, as far as licensing is concerned.
 *
 * The classes are in loader/: begin with Loader, which decides, and Module, which says what runs and why.
 */

declare(strict_types=1);

use ModuleLoader\CommandLine;
use ModuleLoader\Options;
use ModuleLoader\Splay;
use ModuleLoader\StoreFault;

require_once __DIR__ . '/loader/autoload.php';

try {
    $options = Options::parse(array_slice($argv ?? [], 1));
    $commandLine = new CommandLine($options);
    if ($options->isSplayed) {
        sleep(Splay::seconds());
    }
    exit($commandLine->run(time()));
} catch (InvalidArgumentException $error) {
    fwrite(STDERR, "{$error->getMessage()}\n\n" . Options::USAGE);
    exit(2);
} catch (StoreFault $fault) {
    fwrite(STDERR, "{$fault->getMessage()}\n");
    exit(4);
}
