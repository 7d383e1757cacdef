<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * What the module loader can be told to do.
 */
enum Command: string
{
    case Install = 'install';
    case MarketplaceInstall = 'marketplace-install';
    case Enable = 'enable';
    case Disable = 'disable';
    case Uninstall = 'uninstall';
    case Check = 'check';
    case List = 'list';
    case Survey = 'survey';

    /**
     * Whether these are folders or modules that it can be told to do it with.
     *
     * @param list<string> $operands
     */
    public function takes(array $operands): bool
    {
        return match ($this) {
            self::Check, self::List => $operands === [],
            self::Survey => count($operands) === 1 && is_dir($operands[0]) && is_readable($operands[0]),
            self::Install, self::MarketplaceInstall, self::Enable, self::Disable, self::Uninstall => $operands !== [],
        };
    }
}
