<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * Calls a function of PHP without its warnings, where the outcome is looked at anyway.
 *
 * Not `@`: an error handler that turns warnings into exceptions need not respect that, and a module
 * must not die of licensing.
 *
 * @internal
 */
final class Quiet
{
    /**
     * @template T
     *
     * @param callable(): T $call
     *
     * @return T
     */
    public static function call(callable $call): mixed
    {
        set_error_handler(static fn (): bool => true);
        try {
            return $call();
        } finally {
            restore_error_handler();
        }
    }
}
