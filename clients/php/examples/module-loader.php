<?php

/**
 * Does with modules what a PBX does with them, as far as licensing is concerned.
 *
 * The classes are in loader/: begin with Loader, which decides, and Module, which says what runs and why.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Client;
use ModuleLoader\Command;
use ModuleLoader\Loader;
use ModuleLoader\Options;
use ModuleLoader\Output;
use ModuleLoader\Report;
use ModuleLoader\Splay;
use ModuleLoader\Store;
use ModuleLoader\StoreFault;
use ModuleLoader\Survey;
use ModuleLoader\Wording;

require_once __DIR__ . '/loader/autoload.php';

try {
    $options = Options::parse(array_slice($argv, 1));
    $client = new Client($options->socket);
    $loader = new Loader($client, new Store($options->state));
    $output = new Output(new Wording($options->language), $options->isJson);
    if ($options->isSplayed) {
        sleep(Splay::seconds());
    }
    $each = static fn (callable $do): array => array_map($do, $options->operands);
    $now = time();
    exit(match ($options->command) {
        Command::Install => $output->reports($each(fn (string $folder): Report => $loader->install($folder, $now))),
        Command::MarketplaceInstall => $output->reports(
            $each(fn (string $folder): Report => $loader->installFromMarketplace($folder, $now)),
        ),
        Command::Enable => $output->reports($each(fn (string $id): Report => $loader->enable($id, $now))),
        Command::Disable => $output->reports($each(fn (string $id): Report => $loader->disable($id, $now))),
        Command::Uninstall => $output->reports($each(fn (string $id): Report => $loader->uninstall($id))),
        Command::Check => $output->reports($loader->check($now)),
        Command::List => $output->modules($loader->list()),
        Command::Survey => $output->survey(Survey::of($client, $options->operands[0])),
    });
} catch (InvalidArgumentException $error) {
    fwrite(STDERR, "{$error->getMessage()}\n\n" . Options::USAGE);
    exit(2);
} catch (StoreFault $fault) {
    fwrite(STDERR, "{$fault->getMessage()}\n");
    exit(4);
}
