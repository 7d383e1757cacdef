<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * A language of the users. Another one is a case here and a file of texts.
 */
enum Language: string
{
    case English = 'en';
    case Russian = 'ru';

    /**
     * The texts of this language. All languages have the same ones, with the same blanks to fill in.
     *
     * @return array<string, string>
     */
    public function texts(): array
    {
        /** @var array<string, string> */
        return require __DIR__ . "/texts/$this->value.php";
    }
}
