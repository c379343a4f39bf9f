-- AlterTable
ALTER TABLE `Customer` ADD COLUMN `loyaltyPoints` INTEGER NULL;

-- One point for every 10 spent on orders that were delivered.
UPDATE `Customer`
LEFT JOIN (
    SELECT `customer_id`, FLOOR(SUM(`total`) / 10) AS `points`
    FROM `orders`
    WHERE `status` = 'DELIVERED'
    GROUP BY `customer_id`
) AS `spent` ON `spent`.`customer_id` = `Customer`.`id`
SET `loyaltyPoints` = COALESCE(`points`, 0);

-- AlterTable
ALTER TABLE `Customer` MODIFY `loyaltyPoints` INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE `orders` MODIFY `status` ENUM('PENDING', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'RETURNED') NOT NULL DEFAULT 'PENDING';
