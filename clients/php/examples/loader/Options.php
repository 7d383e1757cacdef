<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Client;

/**
 * The arguments of the command line.
 */
final readonly class Options
{
    public const USAGE = <<<'TEXT'
        usage: php module-loader.php [OPTION…] COMMAND

          install FOLDER…               install modules, with a trial of what they need
          marketplace-install FOLDER…   the same, and only with a free seat
          enable MODULE…                let modules run, if their licenses say so
          disable MODULE…               let them run no more
          uninstall MODULE…             forget them
          check [--splay]               the hourly look; with --splay up to 300 s later
          list                          what is installed, what runs, and why not
          survey FOLDER                 what the license says of the modules in a folder; changes nothing

          --socket SOCKET     of licensed; /run/licensed/licensed.sock
          --state FILE        what is installed; .licensed-modules.json in the home folder
          --language en|ru    of what is said; en
          --json              the same for scripts

        exit codes: 0 done, 1 something was not done, or a module or MikoPBX has no license, 2 usage,
        3 licensed gave no answer, 4 the state cannot be read or written; list and survey only tell
        what there is: 0, whatever that is, and survey 3 without an answer

        TEXT;

    private const TAKE_VALUE = ['--socket', '--state', '--language'];
    private const TAKE_NONE = ['--json', '--splay'];

    /**
     * @param list<string> $operands
     */
    private function __construct(
        /** What to do. */
        public Command $command,
        /** What to do it with. */
        public array $operands,
        public string $socket,
        /** The file of the installed modules. */
        public string $state,
        public Language $language,
        public bool $isJson,
        /** Whether to wait at random before the hourly look. */
        public bool $isSplayed,
    ) {
    }

    /**
     * @param list<string> $arguments
     *
     * @throws \InvalidArgumentException
     */
    public static function parse(array $arguments): self
    {
        /** @var array<string, string> $options */
        $options = [];
        $operands = [];
        while ($arguments !== []) {
            $argument = array_shift($arguments);
            if (in_array($argument, self::TAKE_VALUE, true)) {
                $options[$argument] = array_shift($arguments)
                    ?? throw new \InvalidArgumentException("$argument needs a value");
            } elseif (in_array($argument, self::TAKE_NONE, true)) {
                $options[$argument] = '';
            } elseif (str_starts_with($argument, '-')) {
                throw new \InvalidArgumentException("there is no option $argument");
            } else {
                $operands[] = $argument;
            }
        }
        $word = array_shift($operands) ?? throw new \InvalidArgumentException('a command is missing');
        $command = Command::tryFrom($word) ?? throw new \InvalidArgumentException("there is no command $word");
        if (!$command->takes($operands)) {
            throw new \InvalidArgumentException("$word takes other operands, see below");
        }
        return new self(
            $command,
            $operands,
            $options['--socket'] ?? Client::DEFAULT_SOCKET,
            $options['--state'] ?? (getenv('HOME') ?: '.') . '/.licensed-modules.json',
            Language::tryFrom($options['--language'] ?? 'en')
                ?? throw new \InvalidArgumentException('the languages are en and ru'),
            isset($options['--json']),
            isset($options['--splay']),
        );
    }
}
