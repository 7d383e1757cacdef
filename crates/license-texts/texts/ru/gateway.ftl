### Что шлюз сам говорит MikoPBX. Четырёх цифр подряд здесь нет: MikoPBX ищет код по всему тексту. Слова службы приходят
### от неё самой, на том языке, на котором её спрашивает шлюз.

gateway-ping = { $server } отвечает за { $milliseconds } мс.

## Вопрос не понят.

gateway-parameter-missing = Нет параметра { $name }.
gateway-parameter-no-number = Параметр { $name } не является положительным 32-битным числом.
gateway-parameter-other-product = Параметр product указывает не тот продукт, с которым регистрируются.
gateway-too-many-parameters = Параметров больше { $most }.
gateway-parameter-doubled = Параметр { $name } указан дважды.
gateway-parameters-malformed = Параметры не являются текстом UTF-8 в процентной кодировке.
gateway-parameters-in-body = Параметры этого метода передаются в теле запроса.
gateway-no-method = Такого метода нет. В { $prefix } есть { $known }.
gateway-get-or-post = Метод { $method } вызывается через GET или POST.
gateway-post = Метод { $method } вызывается через POST.
gateway-no-form = Тело запроса должно быть { $form }.
gateway-body-slow = Тело запроса передаётся слишком долго.
gateway-body-cut = Тело запроса оборвано или искажено.
gateway-body-long = Тело запроса длиннее { $limit } КиБ.
gateway-request-slow = Запрос передаётся слишком долго.
gateway-head-long = Заголовок запроса слишком длинный.
gateway-no-http = Это не запрос HTTP/1.
gateway-hung-up = Клиент закрыл соединение, не дождавшись ответа.

## Тому, кто спрашивает, это не разрешено.

gateway-caller-user = uid { $uid }
gateway-caller-unknown = неизвестно кто ({ $why })
gateway-not-permitted = Вызывающему ({ $caller }) это не разрешено ({ $method }). Разрешите его пользователю ключом --allow-user или выполните это от имени root.
gateway-other-license = Этому пользователю нельзя смотреть чужие лицензии.
gateway-no-host = В запросе должен быть указан один Host.
gateway-localhost-alone = Шлюз отвечает только на запросы к localhost.
gateway-no-browsers = Браузерам шлюз не отвечает.
gateway-strangers-wait = Слишком много запросов от пользователей, которым нельзя менять лицензию. Повторите чуть позже.
gateway-connections = Слишком много соединений этого пользователя или пользователей, которым нельзя менять лицензию. Повторите попытку.

## Ответа нет, или его ещё нет.

gateway-still-asked = Ответа ещё нет; запрос продолжается. Повторите через минуту.
gateway-daemon-away = Служба licensed на этом компьютере не отвечает: она не запущена или только запускается. Повторите через минуту.
gateway-number-changed = Тем временем номер этого компьютера был изменён другим способом.
gateway-stopping = Шлюз останавливается. Повторите попытку.
gateway-change-stored = { $why } Изменение сохранено и будет сделано, как только это станет возможно.
gateway-change-kept = { $why } Изменение будет сделано, как только это станет возможно, если до тех пор не остановить шлюз: запись на диск не удаётся.
gateway-no-socket = Нет сокета { $path }: запущена ли служба licensed? Запустите её: `systemctl start licensed`.
gateway-not-listening = Сокет { $path } никто не слушает: служба licensed больше не работает. Посмотрите `systemctl status licensed` и запустите её: `systemctl start licensed`.
gateway-deadline = Служба licensed не ответила за { $within }; посмотрите `systemctl status licensed`.
gateway-closed = Служба licensed закрыла соединение, не ответив; посмотрите `journalctl -u licensed` и повторите попытку.
gateway-fault = Шлюз не может обратиться к службе licensed. { $why }.
