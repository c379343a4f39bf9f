-- CreateTable
CREATE TABLE `Payment` (
    `id` VARCHAR(191) NOT NULL,
    `orderId` VARCHAR(191) NOT NULL,
    `method` ENUM('CARD', 'ALIPAY', 'WECHAT_PAY', 'BANK_TRANSFER') NOT NULL,
    `status` ENUM('AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED') NOT NULL,
    `amount` DECIMAL(12, 2) NOT NULL,
    `provider` JSON NOT NULL,
    `capturedAt` DATETIME(3) NULL,

    INDEX `Payment_status_capturedAt_idx`(`status`, `capturedAt`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- AddForeignKey
ALTER TABLE `Payment` ADD CONSTRAINT `Payment_orderId_fkey` FOREIGN KEY (`orderId`) REFERENCES `orders`(`id`) ON DELETE RESTRICT ON UPDATE CASCADE;
