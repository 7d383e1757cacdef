<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * What a granted verdict rests on.
 */
enum Basis: string
{
    /** The last check reached the license server. */
    case Fresh = 'fresh';

    /** The license server is away; its last promise is honoured. */
    case Offline = 'offline';
}
