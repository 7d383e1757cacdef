<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * The three answers to "may this feature run?".
 */
enum VerdictKind: string
{
    /** Yes. */
    case Granted = 'granted';

    /** No, and the license server said so. */
    case Denied = 'denied';

    /** Nobody knows. */
    case Indeterminate = 'indeterminate';
}
