<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Client;

/**
 * Does what the command line says.
 */
final readonly class CommandLine
{
    private Client $client;

    private Loader $loader;

    private Output $output;

    /**
     * @throws \InvalidArgumentException
     */
    public function __construct(private Options $options)
    {
        $this->client = new Client($options->socket);
        $this->loader = new Loader($this->client, new Store($options->state));
        $this->output = new Output(new Wording($options->language), $options->isJson);
    }

    /**
     * @return int the exit code
     *
     * @throws StoreFault
     */
    public function run(int $now): int
    {
        return match ($this->options->command) {
            Command::Install => $this->each(fn (string $folder): Report => $this->loader->install($folder, $now)),
            Command::MarketplaceInstall => $this->each(
                fn (string $folder): Report => $this->loader->installFromMarketplace($folder, $now),
            ),
            Command::Enable => $this->each(fn (string $id): Report => $this->loader->enable($id, $now)),
            Command::Disable => $this->each(fn (string $id): Report => $this->loader->disable($id, $now)),
            Command::Uninstall => $this->each($this->loader->uninstall(...)),
            Command::Check => $this->output->reports($this->loader->check($now)),
            Command::List => $this->output->modules($this->loader->list()),
            Command::Survey => $this->output->survey(Survey::of($this->client, $this->options->operands[0])),
        };
    }

    /**
     * @param callable(string): Report $do
     */
    private function each(callable $do): int
    {
        return $this->output->reports(array_map($do, $this->options->operands));
    }
}
