"""What made-up people are called and what they write. None of them exists, and nothing was sold."""

FIRST = (
    "Ada", "Amélie", "Anton", "Beatriz", "Björn", "Chidi", "Chloé", "Daniela", "Emre", "Fatima", "Giulia", "Hana",
    "Ivan", "Jane", "João", "Kwame", "Lena", "Mei", "Miguel", "Noor", "Olga", "Priya", "Rafael", "Sofía", "Tomás",
    "Ulla", "Viktor", "Wanjiru", "Yuki", "Zoë",
)  # fmt: skip
LAST = (
    "Sample", "Muster", "Ejemplo", "Exemple", "Esempio", "Exemplo", "Voorbeeld", "Przykład", "Örnek", "Beispiel",
    "Testov", "Prøve", "Malli", "Primer", "Namuna", "Contoh", "Mfano", "Proba", "Vzorek", "Minta",
)  # fmt: skip
COMPANIES = ("Acme Samples", "Example Bakery", "Muster & Co", "Sample Bikes", "Test Garden", "Beispiel GmbH")

#: "#" becomes a number, "*" a product. The first are written most.
SENTENCES = (
    "Hello, when does my order # arrive?",
    "Thank you, that helps a lot.",
    "The * came today, but it is broken. Can I send it back?",
    "Could you please call me back about invoice #?",
    "I would like to change the address of order # before it is sent.",
    "Is the * still available in blue?",
    "Hi there, is anybody in the shop on Saturday?",
    "Great, see you then.",
    "I paid twice for order #. Please return one of the payments.",
    "Guten Tag, wann kommt meine Bestellung # an?",
    "Vielen Dank für die schnelle Antwort, schöne Grüße.",
    "Die Rechnung # stimmt nicht, können Sie das bitte prüfen?",
    "¿Cuándo llega mi pedido #? Llevo esperando desde el lunes.",
    "Muchas gracias por su ayuda.",
    "Bonjour, le * que j'ai reçu est abîmé.",
    "Merci beaucoup, à bientôt.",
    "Здравствуйте, где мой заказ #?",
    "Спасибо большое за помощь.",
    "您好，我的订单 # 什么时候到？",
    "注文 # をキャンセルしたいです。",
    "Which sizes do you have of the *? I need two of them for the weekend.",
    "It does not fit. How do I get my money back?",
    "Does the * come with a cable, or do I have to buy one?",
    "My voucher # does not work.",
)
ANSWERS = (
    "Hello, thank you for writing. Order # leaves today and arrives within two days.",
    "We are sorry about that. A new * is on its way, you can keep the old one.",
    "Of course. Which address should it go to?",
    "Yes, the * is available. Shall we put one aside for you?",
    "The payment for # goes back to you today.",
    "You are welcome. Have a good day.",
    "Guten Tag, die Bestellung # ist unterwegs und kommt morgen an.",
    "Hola, el pedido # llega mañana.",
)
NOTES = (
    "Called twice, nobody answered. Please try again after lunch.",
    "The * was sent by the wrong carrier; refund # is approved.",
)
SUBJECTS = ("Your order #", "Question about the *", "Invoice #", "Return of a *", "Bestellung #", "Change of address")
PRODUCTS = (
    "teapot", "lamp", "bicycle bell", "blanket", "umbrella", "notebook", "backpack", "headphones", "kettle", "mug",
    "chair", "watering can", "candle", "puzzle", "raincoat", "sandals", "scarf", "toaster", "violin", "waffle iron",
    "alarm clock", "bookshelf", "carpet", "drill", "easel", "fountain pen", "guitar", "hammock", "iron", "juggling set",
    "kite", "lantern", "mirror", "nutcracker", "oven glove", "paint box", "quilt", "rucksack", "stapler", "tent",
)  # fmt: skip
LABELS = (("Complaint", "red"), ("Delivery", "blue"), ("Refund", "amber"), ("VIP", "violet"), ("Wholesale", "teal"))
