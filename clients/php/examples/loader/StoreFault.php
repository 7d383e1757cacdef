<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * The file of the installed modules cannot be read or written. The message says what to do.
 */
final class StoreFault extends \RuntimeException
{
}
